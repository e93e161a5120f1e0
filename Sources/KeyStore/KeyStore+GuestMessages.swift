public import Libcrypto

/// Messages that wait until their reader has a key. Each is encrypted, part by part, under a key of its own, which is sealed
/// under the master key.
extension KeyStore {
    /// Octets of clear text in one part.
    public static let guestPartSize = 60 << 10

    /// A message that waits.
    public struct GuestMessage: Sendable {
        public let id: Int64
        public let name: String
        public let parts: Int64
        /// Octets.
        public let size: Int64
        /// Unix seconds.
        public let created: Int64
        fileprivate let key: SecretBytes
    }

    /// Begins to keep a message. Until it is complete nobody sees it, and it goes after `ends`.
    public func beginGuestMessage(account: Int64, now: Int64, ends: Int64) throws -> GuestMessage {
        let name = try SecureRandom.bytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let key = try SecretBytes.random(count: 32)
        return try database.write { connection in
            let (master, sealed) = try seal(
                key, in: .guestMessage, key: [SQLValue(name)], account: SQLValue(account), connection)
            let row = try connection.row(
                Query.insertGuestMessage,
                [
                    "account": SQLValue(account), "name": SQLValue(name), "now": SQLValue(now), "ends": SQLValue(ends),
                    "master": SQLValue(master), "sealed": SQLValue(sealed),
                ])
            guard let id = try row?.integer("id") else {
                throw KeyStoreError(.internalFailure, "store: a guest's message did not stay")
            }
            return GuestMessage(id: id, name: name, parts: 0, size: 0, created: now, key: key)
        }
    }

    /// Adds the next part; `number` counts from 0.
    public func add(_ octets: [UInt8], as number: Int64, to message: GuestMessage) throws {
        let sealed = try AESGCM.seal(
            octets.span, key: message.key, nonce: Self.nonce(number), aad: Array(message.name.utf8))
        try database.write { connection in
            _ = try connection.execute(
                Query.insertGuestPart,
                ["id": SQLValue(message.id), "number": SQLValue(number), "sealed": SQLValue(sealed)])
            let grown = try connection.execute(
                Query.growGuestMessage, ["id": SQLValue(message.id), "size": SQLValue(Int64(octets.count))])
            guard grown == 1 else { throw KeyStoreError(.notFound, "store: the guest's message is gone") }
        }
    }

    /// From now on the message waits, until `ends`.
    public func complete(_ message: GuestMessage, ends: Int64) throws {
        try database.write { connection in
            let done = try connection.execute(
                Query.completeGuestMessage, ["id": SQLValue(message.id), "ends": SQLValue(ends)])
            guard done == 1 else { throw KeyStoreError(.notFound, "store: the guest's message is gone") }
        }
    }

    /// The messages that wait for a guest, oldest first.
    public func guestMessages(account: Int64, now: Int64) throws -> [GuestMessage] {
        let rows = try database.read { connection in
            try connection.rows(Query.guestMessages, ["account": SQLValue(account), "now": SQLValue(now)]).map { row in
                (
                    try row.integer("id"), try row.text("name"), try row.integer("parts"), try row.integer("size"),
                    try row.integer("created"), try row.blob("sealed")
                )
            }
        }
        return try rows.map { id, name, parts, size, created, sealed in
            GuestMessage(
                id: id, name: name, parts: parts, size: size, created: created,
                key: try open(
                    sealed, in: .guestMessage, key: [SQLValue(name)], account: SQLValue(account)))
        }
    }

    /// How much waits for a guest, complete or not.
    public func guestUse(account: Int64) throws -> (messages: Int64, octets: Int64) {
        try database.read { connection in
            guard let row = try connection.row(Query.guestUse, ["account": SQLValue(account)]) else { return (0, 0) }
            return (try row.integer("messages"), try row.integer("octets"))
        }
    }

    /// - Throws: `sealBroken` where the part is missing, changed or moved.
    public func part(_ number: Int64, of message: GuestMessage) throws -> SecretBytes {
        let sealed = try database.read { connection in
            try connection.row(Query.guestPart, ["id": SQLValue(message.id), "number": SQLValue(number)])?.blob(
                "sealed")
        }
        guard let sealed,
            let octets = try? AESGCM.open(
                sealed.span, key: message.key, nonce: Self.nonce(number), aad: Array(message.name.utf8))
        else { throw KeyStoreError(.sealBroken, "store: part \(number) of a guest's message does not open") }
        return octets
    }

    public func delete(_ message: GuestMessage) throws {
        try database.write { connection in
            _ = try connection.execute(Query.deleteGuestMessage, ["id": SQLValue(message.id)])
        }
    }

    /// Every key encrypts each number once.
    private static func nonce(_ number: Int64) -> [UInt8] {
        [0, 0, 0, 0] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) }
    }
}

extension SealedColumn {
    /// Named by what is known before there is a row.
    static let guestMessage = SealedColumn("guest_message", purpose: .guest, key: ["name"], account: "account_id")
}
