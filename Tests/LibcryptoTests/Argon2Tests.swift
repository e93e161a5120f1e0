import TestSupport
import Testing

@testable import Libcrypto

@Suite struct Argon2Tests {
    /// RFC 9106, section 5.3.
    @Test func publishedVector() throws {
        let key = try Argon2.id(
            password: SecretBytes(copying: [UInt8](repeating: 1, count: 32)), salt: [UInt8](repeating: 2, count: 16),
            secret: [UInt8](repeating: 3, count: 8), associatedData: [UInt8](repeating: 4, count: 12), passes: 3,
            parallelism: 4, memoryKiB: 32, count: 32)
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        #expect(key == SecretBytes(copying: Hex.bytes(expected)))
    }

    /// From the tests of the reference implementation.
    @Test(arguments: [
        (UInt32(1), "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
        (2, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
    ])
    func passwords(_ parallelism: UInt32, _ expected: String) throws {
        let key = try Argon2.id(
            password: SecretBytes(copying: Array("password".utf8)), salt: Array("somesalt".utf8), passes: 2,
            parallelism: parallelism, memoryKiB: 256, count: 32)
        #expect(key == SecretBytes(copying: Hex.bytes(expected)))
    }

    @Test func whatCannotBeIsRefused() throws {
        func derive(
            salt: Int = 16, passes: UInt32 = 1, parallelism: UInt32 = 1, memory: UInt32 = 8, count: Int = 16
        ) throws {
            _ = try Argon2.id(
                password: SecretBytes(copying: []), salt: [UInt8](repeating: 2, count: salt), passes: passes,
                parallelism: parallelism, memoryKiB: memory, count: count)
        }
        try derive()
        let refused = LibcryptoError(.invalidParameter, "")
        #expect(throws: refused) { try derive(salt: 7) }
        #expect(throws: refused) { try derive(passes: 0) }
        #expect(throws: refused) { try derive(parallelism: 0) }
        #expect(throws: refused) { try derive(parallelism: 2, memory: 15) }
        #expect(throws: refused) { try derive(memory: 7) }
        #expect(throws: refused) { try derive(count: 3) }
        #expect(throws: refused) { try derive(count: -1) }
    }
}
