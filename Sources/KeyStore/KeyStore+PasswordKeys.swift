public import Libcrypto

/// The RSA keys that clients encrypt passwords to, shared by all daemons of a store.
extension KeyStore {
    public struct PasswordKey: Sendable {
        /// 16 hexadecimal digits or so; unlike for unlike keys.
        public var id: String
        /// Unix seconds.
        public var created: Int64
        /// Unix seconds; nil for the current key.
        public var ends: Int64?
        /// SubjectPublicKeyInfo, DER.
        public var publicKey: [UInt8]
        /// PKCS#8, DER.
        public var privateKey: SecretBytes
    }

    /// Those that count at `now`, the newest first.
    public func passwordKeys(now: Int64) throws -> [PasswordKey] {
        let rows = try database.read { try $0.rows(Query.passwordKeys, ["now": SQLValue(now)]) }
        return try rows.map { row in
            let id = try row.text("id")
            return PasswordKey(
                id: id, created: try row.integer("created"), ends: try row.integerOrNil("ends"),
                publicKey: try row.blob("public_key"),
                privateKey: try open(row.blob("sealed"), in: .passwordKey, key: [SQLValue(id)], account: nil))
        }
    }

    /// Makes a key the current one. The key that was current till now counts until `retiredEnds`.
    ///
    /// - Parameter previous: the current key that this one follows; nil where there is none.
    /// - Returns: false where another key is current by now: another daemon was faster.
    public func replacePasswordKey(
        _ previous: String?, by id: String, publicKey: [UInt8], privateKey: SecretBytes, now: Int64, retiredEnds: Int64
    ) throws -> Bool {
        try database.write { connection in
            if let previous {
                let retired = try connection.execute(
                    Query.retirePasswordKey, ["id": SQLValue(previous), "ends": SQLValue(retiredEnds)])
                guard retired == 1 else { return false }
            }
            let record = try seal(privateKey, in: .passwordKey, key: [SQLValue(id)], account: nil, connection)
            let inserted = try connection.execute(
                Query.insertPasswordKey,
                [
                    "id": SQLValue(id), "now": SQLValue(now), "public_key": SQLValue(publicKey),
                    "master": SQLValue(record.master), "sealed": SQLValue(record.sealed),
                ])
            return inserted == 1
        }
    }
}
