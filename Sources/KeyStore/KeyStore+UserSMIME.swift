public import CMS
import Libcrypto
public import MIME

/// Users' own S/MIME keys, and the certificates that they keep of others. What takes a connection is called within
/// ``changeAccount(_:audit:_:)``.
extension KeyStore {
    // MARK: Own keys

    /// All keys of an account, the current one first, then the newest.
    public func smimeKeys(of account: Int64) throws -> [UserSMIMEKey] {
        try database.read { try smimeKeys(of: account, in: $0) }
    }

    /// The same within a change.
    package func smimeKeys(of account: Int64, in c: any StoreConnection) throws -> [UserSMIMEKey] {
        try c.rows(CertificateQuery.keysOfAccount, ["account": .integer(account)]).map(Self.userKey)
    }

    /// The key that mail to and from the account uses; nil where there is none.
    public func currentSMIMEKey(of account: Int64) throws -> UserSMIMEKey? {
        try database.read { try $0.row(CertificateQuery.currentKeyOfAccount, ["account": .integer(account)]) }
            .map(Self.userKey)
    }

    /// Keeps a key, or gives one that is there its new lock.
    ///
    /// - Parameter isCurrent: whether it takes the place of the current one.
    /// - Returns: its row.
    @discardableResult
    package func addSMIMEKey(
        _ new: NewSMIMEKey, account: Int64, isCurrent: Bool, in c: any StoreConnection
    ) throws -> Int64 {
        for certificate in [new.certificate] + new.issuers { _ = try store(certificate, .message, nil, in: c) }
        if isCurrent { _ = try c.execute(CertificateQuery.clearCurrent, ["account": .integer(account)]) }
        let row = try c.row(
            CertificateQuery.insertKey,
            [
                "account": .integer(account), "fingerprint": .text(new.certificate.fingerprintHex),
                "issuers": .blob(Self.bundle(new.issuers)), "is_current": SQLValue(isCurrent),
                "locked": .blob(new.locked), "recovery": SQLValue(new.recovery),
                "master": SQLValue(new.recoveryMaster), "now": .integer(clock()),
            ])
        guard let row else { throw KeyStoreError(.internalFailure, "smime_key: nothing was inserted") }
        return try row.integer("id")
    }

    /// Makes a key the current one. False where the account has no such key.
    package func setCurrentSMIMEKey(_ id: Int64, account: Int64, in c: any StoreConnection) throws -> Bool {
        _ = try c.execute(CertificateQuery.clearCurrent, ["account": .integer(account)])
        let changed = try c.execute(CertificateQuery.setCurrent, ["id": .integer(id), "account": .integer(account)])
        return changed == 1
    }

    /// Puts another lock on the current key. False where the key is gone, is not current or has another lock than `old`.
    package func replaceLocked(
        smimeKey id: Int64, old: [UInt8], locked: [UInt8], recovery: [UInt8]?, recoveryMaster: String?,
        in c: any StoreConnection
    ) throws -> Bool {
        let changed = try c.execute(
            CertificateQuery.replaceLocked,
            [
                "id": .integer(id), "old": .blob(old), "locked": .blob(locked), "recovery": SQLValue(recovery),
                "master": SQLValue(recoveryMaster), "now": .integer(clock()),
            ])
        return changed == 1
    }

    /// Destroys a key for good; its certificate too, unless somebody else gave it to the store. The newest of the others
    /// becomes current where this one was.
    package func deleteSMIMEKey(_ id: Int64, account: Int64, in c: any StoreConnection) throws -> Bool {
        let arguments: [String: SQLValue] = ["id": .integer(id), "account": .integer(account)]
        guard let row = try c.row(CertificateQuery.deleteKey, arguments) else { return false }
        _ = try c.execute(CertificateQuery.deleteOrphan, ["fingerprint": .text(try row.text("fingerprint"))])
        if try row.bool("is_current") {
            let rest = try c.rows(CertificateQuery.keysOfAccount, ["account": .integer(account)]).map(Self.userKey)
            if let next = rest.max(by: { $0.certificate.notAfter < $1.certificate.notAfter }) {
                _ = try c.execute(
                    CertificateQuery.setCurrent, ["id": .integer(next.id), "account": .integer(account)])
            }
        }
        return true
    }

    /// Puts an empty value in the place of what opens a key without its password. False where the key is gone.
    package func deleteRecovery(smimeKey id: Int64, in c: any StoreConnection) throws -> Bool {
        try c.execute(CertificateQuery.deleteRecovery, ["id": .integer(id), "empty": .blob([])]) == 1
    }

    // MARK: The mail path

    /// The certificate that our own user with this address has in use: one at most. As everywhere with our own mailboxes the
    /// case of ASCII letters does not matter.
    public func ownSMIMECertificates(for address: EmailAddress) throws -> [KnownX509] {
        guard address.isDomainMapped else { return [] }
        return try smime(.own(address)) { c in
            try c.rows(
                CertificateQuery.currentByAddress,
                ["domain": .text(address.domain), "folded": .text(AddressFolding.fold(address.localPart))])
        }
    }

    // MARK: Certificates of others

    /// Keeps certificates of correspondents for one user. Returns how many the user has then.
    package func addRecipientCertificates(
        _ certificates: [X509Certificate], issuers: [X509Certificate], account: Int64, in c: any StoreConnection
    ) throws -> Int {
        for certificate in certificates {
            let row = try c.row(
                CertificateQuery.insertRecipient,
                [
                    "account": .integer(account), "fingerprint": .text(certificate.fingerprintHex),
                    "bytes": .blob(certificate.der), "issuers": .blob(Self.bundle(issuers)), "now": .integer(clock()),
                ])
            guard let row else { throw KeyStoreError(.internalFailure, "recipient_certificate: nothing was inserted") }
            let id = try row.integer("id")
            for address in Set(certificate.emailAddresses.compactMap(\.address)) where address.isDomainMapped {
                _ = try c.execute(
                    CertificateQuery.insertRecipientAddress,
                    [
                        "id": .integer(id), "account": .integer(account), "domain": .text(address.domain),
                        "local_part": .text(address.localPart),
                    ])
            }
        }
        return Int(
            clamping: try c.row(CertificateQuery.countRecipients, ["account": .integer(account)])?.integer("rows") ?? 0)
    }

    /// The certificates that a user keeps for an address, those valid longest first, each with what was uploaded along.
    public func recipientCertificates(
        for address: EmailAddress, of account: Int64
    ) throws -> [(certificate: X509Certificate, issuers: [X509Certificate])] {
        guard address.isDomainMapped else { return [] }
        return try database.read { c in
            try c.rows(
                CertificateQuery.recipientsByAddress,
                [
                    "account": .integer(account), "domain": .text(address.domain),
                    "local_part": .text(address.localPart), "limit": .integer(Int64(Self.lookupLimit)),
                ])
        }.map { (try X509Certificate(der: $0.blob("bytes")), Self.unbundle(try $0.blob("issuers"))) }
            .filter { $0.0.matches(address: address) }.sorted { $0.0.notAfter > $1.0.notAfter }
    }

    // MARK: -

    private static func userKey(_ row: SQLRow) throws -> UserSMIMEKey {
        UserSMIMEKey(
            id: try row.integer("id"), accountID: try row.integer("account_id"),
            certificate: try X509Certificate(der: row.blob("bytes")), issuers: unbundle(try row.blob("issuers")),
            isCurrent: try row.bool("is_current"), locked: try row.blob("locked"),
            recovery: try row.blobOrNil("recovery"), passwordModified: try row.integer("password_modified"),
            created: try row.integer("created"))
    }

    /// Certificates as one value: PEM, one after the other.
    private static func bundle(_ certificates: [X509Certificate]) -> [UInt8] {
        Array(certificates.map(\.pem).joined(separator: [0x0A]))
    }

    private static func unbundle(_ bytes: [UInt8]) -> [X509Certificate] {
        bytes.isEmpty ? [] : (try? X509Certificate.parseAll(bytes)) ?? []
    }
}
