extension Schema {
    /// Mailboxes whose keys guardd manages, by domain. Numbers are never used again, so that nobody inherits.
    static func mailboxTables(_ d: Dialect) -> [String] {
        [
            """
            CREATE TABLE mail_domain (
                id \(d.identity),
                name \(d.text) NOT NULL UNIQUE,
                created \(d.integer) NOT NULL
            ) \(d.strict)
            """,
            // `version` rises with every change of whatever belongs to the account: who raises it first holds the row.
            """
            CREATE TABLE account (
                id \(d.identity),
                domain_id \(d.integer) NOT NULL REFERENCES mail_domain (id),
                local_part \(d.text) NOT NULL,
                local_folded \(d.text) NOT NULL,
                version \(d.integer) NOT NULL,
                is_guest \(d.integer) NOT NULL,
                language \(d.text) NOT NULL,
                display_name \(d.text) NOT NULL,
                secondary \(d.text),
                encrypts \(d.integer) NOT NULL,
                signs \(d.integer) NOT NULL,
                inline \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                deleted \(d.integer)
            ) \(d.strict)
            """,
            "CREATE UNIQUE INDEX account_address ON account (domain_id, local_folded) WHERE deleted IS NULL",
        ]
    }
}

extension Query {
    static let raiseAccountVersion =
        "UPDATE account SET version = version + 1 WHERE id = :id AND deleted IS NULL RETURNING version"
}

extension StoreConnection {
    /// Takes the account for the rest of the transaction: changes of one account come one after the other, on either
    /// engine and from any process. The first statement of every transaction that changes something of an account.
    ///
    /// - Returns: the new version.
    /// - Throws: `notFound` for an account that is not there or deleted.
    @discardableResult
    package func lockAccount(_ id: Int64) throws -> Int64 {
        guard let row = try row(Query.raiseAccountVersion, ["id": SQLValue(id)]) else {
            throw KeyStoreError(.notFound, "account \(id): not in the store")
        }
        return try row.integer("version")
    }
}
