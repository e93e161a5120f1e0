import Libcrypto
import Testing

@testable import KeyStore

@Suite struct SealedRecordTests {
    let master: MasterKey
    let name = RecordName(table: "t", column: "c", row: "r", account: "a")
    let secret = SecretBytes(copying: [1, 2, 3])

    init() throws { master = try MasterKey.random() }

    @Test func opensWhereItWasSealed() throws {
        let sealed = try SealedRecord.seal(secret, with: master, purpose: .gateway, at: name)
        let record = try SealedRecord(parsing: sealed, at: name)
        #expect(record.masterID == master.id)
        #expect(try record.open(with: master, purpose: .gateway, at: name) == secret)
        #expect(try SealedRecord.seal(secret, with: master, purpose: .gateway, at: name) != sealed)
    }

    @Test func opensNowhereElse() throws {
        let sealed = try SealedRecord.seal(secret, with: master, purpose: .gateway, at: name)
        let record = try SealedRecord(parsing: sealed, at: name)
        var others: [RecordName] = []
        for path in [\RecordName.table, \.column, \.row, \.account] {
            var other = name
            other[keyPath: path] = "x"
            others.append(other)
        }
        // The same octets, divided differently.
        others.append(RecordName(table: "tc", column: "", row: "r", account: "a"))
        for other in others {
            #expect(throws: KeyStoreError(.sealBroken, "")) {
                try record.open(with: master, purpose: .gateway, at: other)
            }
        }
        #expect(throws: KeyStoreError(.sealBroken, "")) {
            try record.open(with: master, purpose: .recovery, at: name)
        }
        #expect(throws: KeyStoreError(.sealBroken, "")) {
            try record.open(with: MasterKey.random(), purpose: .gateway, at: name)
        }
    }

    @Test func everyOctetCounts() throws {
        let sealed = try SealedRecord.seal(secret, with: master, purpose: .gateway, at: name)
        for index in sealed.indices {
            var broken = sealed
            broken[index] ^= 1
            #expect(throws: KeyStoreError(.sealBroken, "")) {
                try SealedRecord(parsing: broken, at: name).open(with: master, purpose: .gateway, at: name)
            }
        }
        for count in sealed.indices {
            #expect(throws: KeyStoreError(.sealBroken, "")) {
                try SealedRecord(parsing: [UInt8](sealed[..<count]), at: name)
                    .open(with: master, purpose: .gateway, at: name)
            }
        }
    }
}
