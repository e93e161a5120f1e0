package import Libcrypto

/// What opens users' keys when their passwords are lost, sealed under a key of its own purpose.
extension KeyStore {
    /// Where recovery material stands: in the column `recovery` of the rows of keys.
    package enum RecoveryTable: Sendable {
        case ring
        case smimeKey

        var column: SealedColumn { self == .ring ? .ringRecovery : .smimeRecovery }
    }

    /// - Parameter fingerprint: of the key, as its row has it.
    /// - Returns: the record, and for the column `recovery_master` the key it is sealed under.
    package func sealRecovery(
        _ secret: SecretBytes, _ table: RecoveryTable, account: Int64, fingerprint: String,
        in connection: any StoreConnection
    ) throws -> (master: String, sealed: [UInt8]) {
        try seal(
            secret, in: table.column, key: [SQLValue(account), SQLValue(fingerprint)], account: SQLValue(account),
            connection)
    }

    /// - Throws: `sealBroken` for a record that was changed or belongs to another key.
    package func openRecovery(
        _ sealed: [UInt8], _ table: RecoveryTable, account: Int64, fingerprint: String
    ) throws -> SecretBytes {
        try open(
            sealed, in: table.column, key: [SQLValue(account), SQLValue(fingerprint)], account: SQLValue(account))
    }
}

extension SealedColumn {
    /// Named by account and fingerprint, which are as unlike as row numbers and known before there is a row.
    static let ringRecovery = SealedColumn(
        "key_ring", "recovery", master: "recovery_master", purpose: .recovery, key: ["account_id", "fingerprint"],
        account: "account_id")
    static let smimeRecovery = SealedColumn(
        "smime_key", "recovery", master: "recovery_master", purpose: .recovery, key: ["account_id", "fingerprint"],
        account: "account_id")
    static let attachedToken = SealedColumn(
        "attached_token", purpose: .attachedToken, key: ["session_id", "type"], account: "account_id")
    static let passwordKey = SealedColumn(
        "password_key", purpose: .passwordTransport, key: ["id"], account: "NULL")
}
