public import MIME

/// Whose keys guardd manages.
extension KeyStore {
    /// An account that is in use; nil for others.
    public func account(id: Int64) throws -> AccountRecord? {
        try database.read { try Self.account(Query.accountByID, ["id": SQLValue(id)], in: $0) }
    }

    /// The account of a mailbox that is in use; nil where there is none. Letters of ASCII in the local part count the same
    /// in either case: our own mailboxes are told apart without it.
    public func account(for address: EmailAddress) throws -> AccountRecord? {
        let counter = try changeCounter()
        if let known = accounts.answer(to: address, counter: counter) { return known }
        let (snapshot, found) = try database.read { (try Self.counter($0), try Self.account(for: address, in: $0)) }
        accounts.remember(found, for: address, counter: snapshot)
        return found
    }

    /// The account of a mailbox, made where there is none yet.
    ///
    /// - Parameter language: as `en_US`; empty for the default.
    public func openAccount(
        for address: EmailAddress, isGuest: Bool = false, language: String = "", displayName: String = ""
    ) throws -> AccountRecord {
        if let known = try account(for: address) { return known }
        return try database.write { connection in
            if let known = try Self.account(for: address, in: connection) { return known }
            _ = try connection.execute(
                Query.insertDomain, ["name": SQLValue(address.domain), "now": SQLValue(clock())])
            guard let domain = try connection.row(Query.domain, ["name": SQLValue(address.domain)]) else {
                throw KeyStoreError(.internalFailure, "store: domain \(address.domain) did not stay")
            }
            _ = try connection.execute(
                Query.insertAccount,
                [
                    "domain": SQLValue(try domain.integer("id")), "local_part": SQLValue(address.localPart),
                    "folded": SQLValue(AddressFolding.fold(address.localPart)), "guest": SQLValue(isGuest),
                    "language": SQLValue(language), "name": SQLValue(displayName), "now": SQLValue(clock()),
                ])
            // What was remembered about a mailbox without an account no longer holds.
            _ = try Self.raiseCounter(connection)
            guard let made = try Self.account(for: address, in: connection) else {
                throw KeyStoreError(.internalFailure, "store: account \(address.canonical) did not stay")
            }
            return made
        }
    }

    /// Sets where a new password goes; nil for nowhere.
    ///
    /// - Parameter line: see ``changeAccount(_:audit:_:)``.
    public func setSecondary(_ address: EmailAddress?, account: Int64, audit line: AuditRecord? = nil) throws {
        try changeAccount(account, audit: line) { try setSecondary(address, account: account, in: $0) }
    }

    /// The same within a change of the account.
    package func setSecondary(_ address: EmailAddress?, account: Int64, in connection: any StoreConnection) throws {
        _ = try connection.execute(
            Query.setSecondary, ["id": SQLValue(account), "secondary": SQLValue(address?.canonical)])
    }

    /// One durable transaction that has the account to itself and raises its version.
    ///
    /// - Parameter line: of the audit log, kept in the same transaction: it is there if and only if the change is. nil for
    ///   changes that the log does not know.
    /// - Throws: `notFound` where the account is gone.
    package func changeAccount<T>(
        _ id: Int64, audit line: AuditRecord?, _ body: (any StoreConnection) throws -> T
    ) throws -> T {
        try database.write { connection in
            try connection.lockAccount(id)
            let result = try body(connection)
            if let line { try Self.append(line, in: connection) }
            _ = try Self.raiseCounter(connection)
            return result
        }
    }

    static func account(for address: EmailAddress, in connection: any StoreConnection) throws -> AccountRecord? {
        try account(
            Query.accountByAddress,
            ["domain": SQLValue(address.domain), "folded": SQLValue(AddressFolding.fold(address.localPart))],
            in: connection)
    }

    static func account(
        _ query: String, _ arguments: [String: SQLValue], in connection: any StoreConnection
    ) throws -> AccountRecord? {
        guard let row = try connection.row(query, arguments) else { return nil }
        let local = try row.text("local_part")
        guard let address = EmailAddress(localPart: local, domain: try row.text("domain")) else {
            throw KeyStoreError(.corrupt, "store: the address of an account is none; restore the newest backup")
        }
        return AccountRecord(
            id: try row.integer("id"), domainID: try row.integer("domain_id"), address: address,
            version: try row.integer("version"), isGuest: try row.bool("is_guest"), language: try row.text("language"),
            displayName: try row.text("display_name"),
            secondary: try row.textOrNil("secondary").flatMap { EmailAddress($0) },
            encryptsByDefault: try row.bool("encrypts"), signsByDefault: try row.bool("signs"),
            inlineByDefault: try row.bool("inline"), created: try row.integer("created"),
            deleted: try row.integerOrNil("deleted"))
    }
}
