import Libcrypto
import Testing

@Suite struct ElGamalSubgroupTests {
    /// 2^127 - 1, a prime.
    private static let prime: [UInt8] = [0x7F] + [UInt8](repeating: 0xFF, count: 15)

    @Test func smallSubgroupsAreFound() throws {
        #expect(try !ElGamal.hasSmallSubgroup(p: Self.prime, g: [3]))
        // Order 2: the generator is -1.
        #expect(try ElGamal.hasSmallSubgroup(p: Self.prime, g: Self.prime.dropLast() + [0xFE]))
        // All numbers modulo 65537 are fewer than the bound.
        #expect(try ElGamal.hasSmallSubgroup(p: [1, 0, 1], g: [3]))
        for g in [[], [0], [1], Self.prime, [0xFF] + Self.prime] as [[UInt8]] {
            #expect(try ElGamal.hasSmallSubgroup(p: Self.prime, g: g))
        }
    }
}
