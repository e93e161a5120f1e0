import Libcrypto

/// Where a sealed value lives. It is bound into the seal, so that a record copied to another place does not open.
struct RecordName: Sendable, Equatable {
    var table: String
    var column: String
    var row: String
    var account: String
}

/// A secret at rest: version (1 octet), master key id (8), nonce (12), then AES-256-GCM ciphertext and tag.
struct SealedRecord: Sendable {
    static let version: UInt8 = 1
    private static let headerSize = 21

    let bytes: [UInt8]
    /// The master key it is sealed under, as 16 hexadecimal digits.
    let masterID: String
    private let nonce: [UInt8]

    /// Reads the clear part of a stored record.
    init(parsing bytes: [UInt8], at name: RecordName) throws {
        guard bytes.count >= Self.headerSize + AESGCM.tagSize, let version = bytes.first else {
            throw KeyStoreError(.sealBroken, "sealed \(name.table) \(name.row): \(bytes.count) octets are too few")
        }
        guard version == Self.version else {
            throw KeyStoreError(.sealBroken, "sealed \(name.table) \(name.row): unknown version \(version)")
        }
        self.bytes = bytes
        masterID = Self.hex(bytes[1..<9])
        nonce = [UInt8](bytes[9..<21])
    }

    /// Seals a secret under a fresh nonce.
    static func seal(_ secret: SecretBytes, with master: MasterKey, purpose: KeyPurpose, at name: RecordName) throws
        -> [UInt8]
    {
        let nonce = try SecureRandom.bytes(12)
        guard let id = unhex(master.id) else { throw KeyStoreError(.internalFailure, "master key id \(master.id)") }
        let key = try master.derive(purpose: purpose)
        let header = [version] + id
        let sealed = try secret.withBytes { bytes in
            try AESGCM.seal(bytes, key: key, nonce: nonce, aad: associatedData(header, name))
        }
        return header + nonce + sealed
    }

    /// - Throws: `sealBroken` if key, place or any octet differ.
    func open(with master: MasterKey, purpose: KeyPurpose, at name: RecordName) throws -> SecretBytes {
        let key = try master.derive(purpose: purpose)
        let ciphertext = [UInt8](bytes[Self.headerSize...])
        do {
            return try AESGCM.open(
                ciphertext.span, key: key, nonce: nonce, aad: Self.associatedData([UInt8](bytes[..<9]), name))
        } catch {
            throw KeyStoreError(
                .sealBroken,
                "sealed \(name.table) \(name.row): does not open; the row was changed or moved: restore it from a backup"
            )
        }
    }

    /// Every field with its length first, so that no two places give the same octets.
    private static func associatedData(_ header: [UInt8], _ name: RecordName) -> [UInt8] {
        var data = header
        for field in [name.table, name.column, name.row, name.account] {
            let bytes = [UInt8](field.utf8)
            withBigEndianBytes(UInt64(bytes.count)) { data.append($0) }
            data += bytes
        }
        return data
    }

    private static func withBigEndianBytes(_ value: UInt64, _ body: (UInt8) -> Void) {
        for shift in stride(from: 56, through: 0, by: -8) { body(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
        return text
    }

    private static func unhex(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        var bytes: [UInt8] = []
        withBigEndianBytes(value) { bytes.append($0) }
        return bytes
    }
}
