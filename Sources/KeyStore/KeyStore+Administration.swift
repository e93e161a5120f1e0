public import Libcrypto
import MIME
public import OpenPGP
import ProtectedMail

extension KeyStore {
    /// How much the store holds.
    public struct Counts: Sendable, Equatable {
        public var certificates: Int
        public var secretKeys: Int
    }

    public func counts() throws -> Counts {
        try database.readStatement { connection in
            guard let row = try connection.row(Query.counts) else {
                return Counts(certificates: 0, secretKeys: 0)
            }
            return Counts(
                certificates: Int(clamping: try row.integer("certificates")),
                secretKeys: Int(clamping: try row.integer("secrets")))
        }
    }

    /// All certificates in the order of their fingerprints. Those that do not parse are passed over.
    public func list() throws -> [CertificateRecord] {
        var records: [CertificateRecord] = []
        try forEachCertificate { records.append($0) }
        return records
    }

    /// The same one by one, a page in memory at a time.
    public func forEachCertificate(_ body: (CertificateRecord) throws -> Void) throws {
        var after = ""
        while true {
            let rows = try database.read {
                try $0.rows(Query.page, ["after": SQLValue(after), "limit": 256])
            }
            for row in rows {
                after = try row.text("fingerprint")
                if let record = try record(row) { try body(record) }
            }
            if rows.count < 256 { return }
        }
    }

    /// One certificate; nil if it is not known.
    public func record(of fingerprint: Fingerprint) throws -> CertificateRecord? {
        let row = try database.read {
            try $0.row(Query.one, ["fingerprint": SQLValue(fingerprint.hex)])
        }
        return try row.flatMap { try record($0) }
    }

    private func record(_ row: SQLRow) throws -> CertificateRecord? {
        let bytes = try row.blob("bytes")
        guard let certificate = try? Certificate(parsing: bytes) else { return nil }
        let fingerprint: String = try row.text("fingerprint")
        let userIDs = try database.read { try StoredCertificate.fetch(fingerprint, in: $0)?.userIDs ?? [:] }
        let secret: String? = try row.textOrNil("secret")
        return CertificateRecord(
            certificate: certificate, provenance: Provenance(stored: try row.text("provenance")),
            userIDProvenances: certificate.userIDs.map { userIDs[$0.userID.bytes] ?? .message },
            hasSecret: secret != nil, created: try row.integer("created"), updated: try row.integer("updated"))
    }

    /// The certificates a name means: a fingerprint of a primary key or subkey, a key ID (16 hexadecimal digits, `0x`
    /// allowed), or a mail address, by any of its user IDs, valid or not.
    public func find(_ name: String) throws -> [Fingerprint] {
        var digits = name.filter { $0 != " " }
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") { digits.removeFirst(2) }
        let rows: [String]
        if let fingerprint = Fingerprint(hex: digits) {
            rows = try database.read {
                try $0.rows(
                    Query.byKeyFingerprint,
                    ["key_fingerprint": SQLValue(fingerprint.hex), "limit": SQLValue(Self.lookupLimit)]
                ).map { try $0.text("fingerprint") }
            }
        } else if let keyID = KeyID(digits: digits) {
            rows = try database.read {
                try $0.rows(
                    Query.byKeyID, ["key_id": SQLValue(keyID.bytes), "limit": SQLValue(Self.lookupLimit)]
                ).map { try $0.text("fingerprint") }
            }
        } else if let address = EmailAddress(name) {
            rows = try database.read {
                try $0.rows(
                    Query.byAddress,
                    [
                        "domain": SQLValue(address.domain), "folded": SQLValue(AddressFolding.fold(address.localPart)),
                        "limit": SQLValue(Self.lookupLimit),
                    ]
                ).map { try $0.text("fingerprint") }
            }
        } else {
            throw KeyStoreError(
                .unusableInput, "'\(name)': neither a fingerprint, a key ID of 16 digits nor a mail address")
        }
        var seen: Set<String> = []
        return rows.filter { seen.insert($0).inserted }.compactMap { Fingerprint(hex: $0) }
    }

    /// The certificate.
    /// - Throws: `notFound`.
    public func export(_ fingerprint: Fingerprint) throws -> Certificate {
        guard let entry = try entry(fingerprint.hex) else {
            throw KeyStoreError(.notFound, "certificate \(fingerprint.hex): not in the store")
        }
        return entry.certificate
    }

    /// The secret key as an armored private key block, locked under a password.
    /// - Throws: `notFound`, and `passwordRequired` for an empty password: open secrets never leave the store.
    public func exportSecret(_ fingerprint: Fingerprint, password: SecretBytes) throws -> SecretBytes {
        guard password.count > 0 else {
            throw KeyStoreError(.passwordRequired, "secret key \(fingerprint.hex): exported only under a password")
        }
        guard let secret = try secretCertificate(fingerprint: fingerprint.hex) else {
            throw KeyStoreError(.notFound, "secret key \(fingerprint.hex): not in the store")
        }
        let locked = try secret.locked(password: password)
        guard locked.isLocked else {
            throw KeyStoreError(.internalFailure, "secret key \(fingerprint.hex): could not be locked")
        }
        return locked.armored()
    }

    /// Deletes a certificate, with its secret key only if that is asked for.
    /// - Throws: `notFound`; `hasSecretKey` if there is a secret key and it was not asked for.
    public func delete(_ fingerprint: Fingerprint, includingSecret: Bool = false) throws {
        let name = fingerprint.hex
        try database.write { connection in
            guard try StoredCertificate.fetch(name, in: connection) != nil else {
                throw KeyStoreError(.notFound, "certificate \(name): not in the store")
            }
            let secret = try connection.row(Query.secret, ["fingerprint": SQLValue(name)])
            if secret != nil {
                guard includingSecret else {
                    throw KeyStoreError(
                        .hasSecretKey,
                        "certificate \(name): its secret key is here and mail to it could no longer be read; "
                            + "export it first, then delete with the secret key")
                }
                try connection.execute(Query.deleteSecret, ["fingerprint": SQLValue(name)])
            }
            try connection.execute(Query.deleteCertificate, ["fingerprint": SQLValue(name)])
            _ = try Self.raiseCounter(connection)
        }
        cache.forgetSecret(name)
        // The log still holds the old pages; a reader in the way only puts this off.
        if includingSecret {
            database.scrub()
        }
    }
}
