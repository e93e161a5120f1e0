import Libcrypto
import TestSupport
import Testing

@Suite struct DigestTests {
    @Test(arguments: [
        (HashAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.ripemd160, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (.sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (
            .sha3_512,
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"
        ),
    ])
    func knownAnswer(_ algorithm: HashAlgorithm, _ expected: String) throws {
        let digest = try Digest.hash(algorithm, Array("abc".utf8))
        #expect(Hex.string(digest) == expected)
        #expect(digest.count == algorithm.digestSize)
    }

    @Test func copiesAreIndependent() throws {
        let first = try Digest(.sha256)
        first.update(Array("a".utf8))
        let second = try first.copy()
        first.update(Array("bc".utf8))
        second.update(Array("xx".utf8))
        #expect(first.finish() == (try Digest.hash(.sha256, Array("abc".utf8))))
        #expect(second.finish() == (try Digest.hash(.sha256, Array("axx".utf8))))
        #expect(first.finish() == [], "a second finish gives nothing that equals a digest")
    }

    @Test func emptyUpdatesChangeNothing() throws {
        let digest = try Digest(.sha1)
        digest.update([UInt8]())
        digest.update(ArraySlice<UInt8>())
        #expect(Hex.string(digest.finish()) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    }
}
