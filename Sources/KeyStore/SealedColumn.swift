/// A column of sealed records. The rotation of the master key walks all of them, so every table that holds such records is
/// named in ``all``; its column `master` says under which key a record is sealed, NULL where there is none.
struct SealedColumn: Sendable {
    let table: String
    let column: String
    let master: String
    let purpose: KeyPurpose
    /// The columns of the primary key.
    let key: [String]
    /// The column that says whose it is.
    let account: String

    init(
        _ table: String, _ column: String = "sealed", master: String = "master", purpose: KeyPurpose, key: [String],
        account: String
    ) {
        self.table = table
        self.column = column
        self.master = master
        self.purpose = purpose
        self.key = key
        self.account = account
    }

    static let gatewaySecret = SealedColumn(
        "gateway_secret", purpose: .gateway, key: ["fingerprint"], account: "account")
    static let smimeSecret = SealedColumn("smime_secret", purpose: .gateway, key: ["fingerprint"], account: "account")

    static let all = [
        gatewaySecret, smimeSecret, attachedToken, passwordKey, smimeRecovery, ringRecovery, guestMessage,
    ]

    /// The place that is bound into a record's seal: values of the key joined by colons, octets as hexadecimal digits.
    func name(_ key: [SQLValue], account: SQLValue) -> RecordName {
        RecordName(
            table: table, column: column, row: key.map(\.nameText).joined(separator: ":"), account: account.nameText)
    }

    var toReseal: String {
        let columns = key.enumerated().map { "\($1) AS key\($0)" }.joined(separator: ", ")
        return """
            SELECT \(columns), \(account) AS owner, \(column) AS sealed FROM \(table)
            WHERE \(master) = :master ORDER BY \(key.joined(separator: ", ")) LIMIT :limit
            """
    }

    var reseal: String {
        let place = key.enumerated().map { "\($1) = :key\($0)" }.joined(separator: " AND ")
        return "UPDATE \(table) SET \(master) = :new, \(column) = :sealed WHERE \(place) AND \(master) = :old"
    }
}

extension SQLValue {
    fileprivate var nameText: String {
        switch self {
        case .null: ""
        case .integer(let number): String(number)
        case .text(let text): text
        case .blob(let octets): octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
