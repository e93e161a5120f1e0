package import MIME
public import OpenPGP
import ProtectedMail

/// Rings of our own users. What takes a connection is called within ``changeAccount(_:audit:_:)``.
extension KeyStore {
    /// All rings of an account, the current one first, then the newest.
    public func rings(of account: Int64) throws -> [OwnRing] {
        if let known = rings.answer(to: account, counter: try changeCounter()) { return known }
        let (counter, rows) = try database.read {
            (try Self.counter($0), try $0.rows(Query.ringsOfAccount, ["account": SQLValue(account)]))
        }
        let found = try rows.map(cachedRing)
        rings.remember(
            found, for: account, counter: counter,
            octets: found.reduce(0) { $0 + ($1.locked?.count ?? 0) + ($1.recovery?.count ?? 0) })
        return found
    }

    package func rings(of account: Int64, in connection: any StoreConnection) throws -> [OwnRing] {
        try connection.rows(Query.ringsOfAccount, ["account": SQLValue(account)]).map(Self.ring)
    }

    /// The ring that mail to and from the account uses; nil where there is none.
    public func currentRing(of account: Int64) throws -> OwnRing? { try rings(of: account).first { $0.isCurrent } }

    package func ring(_ fingerprint: Fingerprint, of account: Int64, in connection: any StoreConnection) throws
        -> OwnRing?
    {
        try connection.row(
            Query.ring, ["account": SQLValue(account), "fingerprint": SQLValue(fingerprint.hex)]
        ).map(Self.ring)
    }

    /// Keeps a ring, or takes the place of what was kept of it.
    ///
    /// - Parameter address: the account's own: only user IDs with it are believed to be its owner's.
    /// - Returns: the row.
    @discardableResult
    package func addRing(
        _ new: NewRing, account: Int64, address: EmailAddress, isCurrent: Bool, in connection: any StoreConnection
    ) throws -> Int64 {
        try keepPublic(new.certificate, address: address, in: connection)
        if isCurrent { try connection.execute(Query.clearCurrentRing, ["account": SQLValue(account)]) }
        let row = try connection.row(
            Query.insertRing,
            [
                "account": SQLValue(account), "fingerprint": SQLValue(new.certificate.fingerprint.hex),
                "current": SQLValue(isCurrent), "locked": SQLValue(new.locked), "recovery": SQLValue(new.recovery),
                "master": SQLValue(new.recoveryMaster), "now": SQLValue(clock()),
            ])
        guard let row else { throw KeyStoreError(.internalFailure, "key_ring: nothing was inserted") }
        try connection.execute(
            Query.setDirectoryEntry,
            [
                "account": SQLValue(account), "domain": SQLValue(address.domain),
                "hash": SQLValue(try DirectoryHash.of(address.localPart)),
            ])
        return try row.integer("id")
    }

    /// Merges a new state of the public half with what is known.
    package func keepPublic(_ certificate: Certificate, address: EmailAddress, in connection: any StoreConnection)
        throws
    {
        var revision: Int64?
        let folded = AddressFolding.fold(address.localPart)
        _ = try store(certificate, .own, &revision, in: connection) { userID in
            let named = userID.emailAddress.flatMap { EmailAddress($0) }
            let isOwners = named.map { $0.domain == address.domain && AddressFolding.fold($0.localPart) == folded }
            return isOwners == true ? .own : .message
        }
    }

    /// Makes a ring the current one. False where the account has no such ring.
    package func setCurrentRing(_ id: Int64, account: Int64, in connection: any StoreConnection) throws -> Bool {
        try connection.execute(Query.clearCurrentRing, ["account": SQLValue(account)])
        return try connection.execute(Query.setCurrentRing, ["id": SQLValue(id), "account": SQLValue(account)]) == 1
    }

    /// Puts another lock on a ring. False where it is gone or has another lock than `old` by now.
    package func replaceLocked(
        ring id: Int64, old: [UInt8], locked: [UInt8], recovery: [UInt8]?, recoveryMaster: String?,
        in connection: any StoreConnection
    ) throws -> Bool {
        try connection.execute(
            Query.replaceRingLock,
            [
                "id": SQLValue(id), "old": SQLValue(old), "locked": SQLValue(locked), "recovery": SQLValue(recovery),
                "master": SQLValue(recoveryMaster), "now": SQLValue(clock()),
            ]) == 1
    }

    /// Gives a ring a new state under the same lock. False where it changed meanwhile.
    package func updateLocked(
        ring id: Int64, old: [UInt8], locked: [UInt8], in connection: any StoreConnection
    ) throws -> Bool {
        try connection.execute(
            Query.updateRingLocked, ["id": SQLValue(id), "old": SQLValue(old), "locked": SQLValue(locked)]) == 1
    }

    /// Leaves an empty value where something opened the ring without its password. False where the ring is gone.
    package func clearRecovery(ring id: Int64, in connection: any StoreConnection) throws -> Bool {
        try connection.execute(Query.clearRingRecovery, ["id": SQLValue(id), "empty": .blob([])]) == 1
    }

    /// Takes a ring out of use. Its private half stays locked among the deleted ones; the newest of the others becomes
    /// current where this one was.
    package func deleteRing(_ ring: OwnRing, in connection: any StoreConnection) throws {
        try connection.execute(
            Query.insertDeletedRing,
            [
                "account": SQLValue(ring.accountID), "fingerprint": SQLValue(ring.certificate.fingerprint.hex),
                "bytes": SQLValue(ring.certificate.serialized()), "locked": SQLValue(ring.locked),
                "now": SQLValue(clock()),
            ])
        try connection.execute(Query.deleteRing, ["id": SQLValue(ring.id), "account": SQLValue(ring.accountID)])
        try connection.execute(
            Query.deleteOrphanCertificate, ["fingerprint": SQLValue(ring.certificate.fingerprint.hex)])
        guard ring.isCurrent,
            let next = try connection.row(Query.newestRing, ["account": SQLValue(ring.accountID)])
        else { return }
        try connection.execute(
            Query.setCurrentRing, ["id": SQLValue(try next.integer("id")), "account": SQLValue(ring.accountID)])
    }

    // MARK: Deleted rings

    /// Hands all deleted rings of an account out to whoever knows a token, for a time.
    ///
    /// - Parameters:
    ///   - exposure: SHA-256 of the token.
    ///   - until: Unix seconds.
    /// - Returns: how many there are.
    package func exposeDeletedRings(
        of account: Int64, exposure: [UInt8], until: Int64, in connection: any StoreConnection
    ) throws -> Int {
        try connection.execute(
            Query.exposeDeletedRings,
            ["account": SQLValue(account), "exposure": SQLValue(exposure), "until": SQLValue(until)])
    }

    /// The deleted rings that a token exposes now: certificate, and the locked private half.
    public func exposedRings(_ exposure: [UInt8], now: Int64) throws -> [(certificate: [UInt8], locked: [UInt8]?)] {
        try database.read {
            try $0.rows(Query.exposedRings, ["exposure": SQLValue(exposure), "now": SQLValue(now)])
        }.map { (try $0.blob("bytes"), try $0.blobOrNil("locked")) }
    }

    // MARK: Directory

    /// Accounts with a ring whose local part has this hash (Web Key Directory).
    public func accounts(directoryHash hash: String) throws -> [Int64] {
        try database.read {
            try $0.rows(
                Query.directoryEntries, ["hash": SQLValue(hash), "limit": SQLValue(Int64(Self.lookupLimit))])
        }.map { try $0.integer("account_id") }
    }

    /// The owners of rings with a key of this ID.
    public func owners(of keyID: KeyID) throws -> [(account: Int64, fingerprint: String)] {
        try database.read {
            try $0.rows(
                Query.ownersOfKeyID, ["key_id": SQLValue(keyID.bytes), "limit": SQLValue(Int64(Self.lookupLimit))])
        }.map { (try $0.integer("account_id"), try $0.text("fingerprint")) }
    }

    /// The same with a certificate that is parsed already, where it is. Not within a transaction.
    private func cachedRing(_ row: SQLRow) throws -> OwnRing {
        let fingerprint = try row.text("fingerprint")
        let known =
            try cache.certificate(fingerprint, revision: try row.integer("revision")) ?? entry(fingerprint)
        return try Self.ring(row, known?.certificate)
    }

    private static func ring(_ row: SQLRow) throws -> OwnRing { try ring(row, nil) }

    private static func ring(_ row: SQLRow, _ known: Certificate?) throws -> OwnRing {
        let fingerprint = try row.text("fingerprint")
        guard let certificate = known ?? (try? Certificate(parsing: row.blob("bytes"))) else {
            throw KeyStoreError(.corrupt, "certificate \(fingerprint) in the store does not parse; restore a backup")
        }
        return OwnRing(
            id: try row.integer("id"), accountID: try row.integer("account_id"), certificate: certificate,
            isCurrent: try row.bool("is_current"), locked: try row.blobOrNil("locked"),
            recovery: try row.blobOrNil("recovery"), passwordModified: try row.integer("password_modified"),
            created: try row.integer("created"))
    }
}
