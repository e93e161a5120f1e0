import Libcrypto
import Testing

@testable import KeyStore

@Suite struct PasswordLockTests {
    private let secret = SecretBytes(copying: Array("a private key".utf8))
    private let cost = PasswordLock.Cost(passes: 1, lanes: 1, memoryKiB: 64)
    private let password = SecretBytes(copying: Array("correct horse".utf8))

    @Test func opensWithItsPasswordAndInItsPlaceOnly() throws {
        let (record, key) = try PasswordLock.lock(secret, password: password, name: "row 1", cost: cost)
        #expect(try PasswordLock.key(record, password: password, name: "row 1") == key)
        #expect(try PasswordLock.open(record, with: key, name: "row 1") == secret)
        let wrong = KeyStoreError(.wrongPassword, "")
        #expect(throws: wrong) { try PasswordLock.open(record, with: key, name: "row 2") }
        let other = SecretBytes(copying: Array("correct horsf".utf8))
        #expect(throws: wrong) { try PasswordLock.key(record, password: other, name: "row 1") }
        #expect(throws: wrong) { try PasswordLock.open(record, with: other, name: "row 1") }
        var damaged = record
        damaged[damaged.count - 1] ^= 1
        #expect(throws: wrong) { try PasswordLock.open(damaged, with: key, name: "row 1") }
        damaged[0] = 9
        #expect(throws: KeyStoreError(.internalFailure, "")) {
            try PasswordLock.lock(secret, password: password, name: "", cost: .init(passes: 0))
        }
        for bytes in [[], Array(record.prefix(40)), damaged] {
            #expect(throws: KeyStoreError(.sealBroken, "")) { try PasswordLock.open(bytes, with: key, name: "row 1") }
        }
    }

    @Test func nothingRepeats() throws {
        let first = try PasswordLock.lock(secret, password: password, name: "row", cost: cost)
        let second = try PasswordLock.lock(secret, password: password, name: "row", cost: cost)
        #expect(first.key != second.key && first.record != second.record)
    }
}
