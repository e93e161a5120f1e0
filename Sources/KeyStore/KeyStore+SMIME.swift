public import CMS
import GRDB
public import MIME
public import ProtectedMail

/// Certificates and keys for S/MIME.
extension KeyStore {
    /// What became of one certificate that was taken in.
    public struct SMIMEEntry: Sendable {
        public let certificate: X509Certificate
        public let outcome: ImportReport.Outcome
        public let hasPrivateKey: Bool
    }

    /// Octets of one certificate past which an import refuses it.
    private static let maximumX509 = 256 << 10

    /// Takes certificates in. Provenance only rises; what mail said of capabilities replaces what was known.
    ///
    /// - Throws: `unusableInput` for certificates that are too large.
    @discardableResult
    public func importSMIME(
        _ certificates: [X509Certificate], provenance: Provenance, capabilities: SMIMECapabilities? = nil
    ) throws -> [SMIMEEntry] {
        try database.write { connection in
            let entries = try certificates.map { try store($0, provenance, capabilities, in: connection) }
            if entries.contains(where: { $0.outcome != .unchanged }) { _ = try Self.raiseCounter(connection) }
            return entries
        }
    }

    /// Takes in a private key of the gateway with its certificate, which gets the provenance `own`, and the certificates
    /// of its chain.
    ///
    /// - Throws: `unusableInput` where key and certificate do not belong together.
    @discardableResult
    public func importSMIMEKey(
        _ key: CMSPrivateKey, certificate: X509Certificate, chain: [X509Certificate] = [], account: String = ""
    ) throws -> SMIMEEntry {
        guard key.matches(certificate) else {
            throw KeyStoreError(.unusableInput, "certificate \(certificate.serial): the private key is another one's")
        }
        let fingerprint = try certificate.fingerprintHex
        return try database.write { connection in
            for other in chain where other != certificate { _ = try store(other, .message, nil, in: connection) }
            let entry = try store(certificate, .own, nil, in: connection)
            let (master, sealed) = try sealGatewaySecret(
                key.pkcs8, fingerprint: fingerprint, account: account, table: .smime, in: connection)
            try connection.execute(
                sql: Query.insertSMIMESecret,
                arguments: [
                    "fingerprint": fingerprint, "account": account, "master": master, "now": clock(),
                    "sealed": Blob.of(sealed),
                ])
            _ = try Self.raiseCounter(connection)
            return SMIMEEntry(certificate: certificate, outcome: entry.outcome, hasPrivateKey: true)
        }
    }

    private func store(
        _ certificate: X509Certificate, _ provenance: Provenance, _ capabilities: SMIMECapabilities?,
        in connection: Database
    ) throws -> SMIMEEntry {
        guard certificate.der.count <= Self.maximumX509 else {
            throw KeyStoreError(.unusableInput, "certificate \(certificate.serial): larger than 256 KiB")
        }
        let fingerprint = try certificate.fingerprintHex
        let known = try Row.fetchOne(connection, sql: Query.smimeOne, arguments: ["fingerprint": fingerprint])
        let before = known.map { Provenance(stored: $0["provenance"]) }
        let raised = provenance.raised(to: before)
        let isSame =
            known != nil && raised == before
            && (capabilities == nil || capabilities?.encoded == known?.octetsOrNil("capabilities"))
        let hasKey = known?.octetsOrNil("sealed") != nil
        guard !isSame else {
            return SMIMEEntry(certificate: certificate, outcome: .unchanged, hasPrivateKey: hasKey)
        }
        try connection.execute(
            sql: Query.insertSMIME,
            arguments: [
                "fingerprint": fingerprint, "issuer": Blob.of(certificate.identity.issuer),
                "serial": Blob.of(certificate.identity.serial),
                "subject_key_id": certificate.subjectKeyIdentifier.map { Blob.of($0) },
                "provenance": raised.rawValue, "now": clock(),
                "capabilities": capabilities.map { Blob.of($0.encoded) }, "bytes": Blob.of(certificate.der),
            ])
        for address in certificate.emailAddresses.compactMap(\.address) where address.isDomainMapped {
            try connection.execute(
                sql: Query.insertSMIMEAddress,
                arguments: ["fingerprint": fingerprint, "domain": address.domain, "local_part": address.localPart])
        }
        return SMIMEEntry(
            certificate: certificate, outcome: known == nil ? .new : .updated, hasPrivateKey: hasKey)
    }

    // MARK: Look-ups

    /// Certificates that carry exactly this address, whatever they are good for, the longest valid first.
    public func smimeCertificates(for address: EmailAddress) throws -> [KnownX509] {
        guard address.isDomainMapped else { return [] }
        return try smime(.address(address)) { connection in
            try Row.fetchAll(
                connection.cachedStatement(sql: Query.smimeByAddress),
                arguments: ["domain": address.domain, "local_part": address.localPart, "limit": Self.lookupLimit])
        }.filter { $0.certificate.matches(address: address) }
            .sorted { $0.certificate.notAfter > $1.certificate.notAfter }
    }

    /// The certificates that CMS identifiers mean.
    public func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [KnownX509] {
        var found: [KnownX509] = []
        for identifier in identifiers.prefix(Self.lookupLimit) {
            found += try smime(.identifier(identifier)) { connection in
                switch identifier {
                case .issuerAndSerial(let identity):
                    try Row.fetchAll(
                        connection.cachedStatement(sql: Query.smimeByIdentity),
                        arguments: [
                            "issuer": Blob.of(identity.issuer), "serial": Blob.of(identity.serial),
                            "limit": Self.lookupLimit,
                        ])
                case .subjectKeyIdentifier(let key):
                    try Row.fetchAll(
                        connection.cachedStatement(sql: Query.smimeByKeyIdentifier),
                        arguments: ["subject_key_id": Blob.of(key), "limit": Self.lookupLimit])
                }
            }
        }
        return found
    }

    /// Certificates in the store that lead from one towards its authority, found by key identifier.
    public func smimeIssuers(of certificate: X509Certificate) throws -> [X509Certificate] {
        var chain: [X509Certificate] = []
        var next: X509Certificate? = certificate
        while let current = next, chain.count < 8, let key = current.authorityKeyIdentifier {
            next = try smimeCertificates(for: [.subjectKeyIdentifier(key)]).map(\.certificate)
                .first { $0.subject == current.issuer && $0 != current && !chain.contains($0) }
            if let next { chain.append(next) }
        }
        return chain
    }

    /// All certificates in the order of their fingerprints, a page in memory at a time.
    public func forEachSMIMECertificate(_ body: (KnownX509) throws -> Void) throws {
        var after = ""
        while true {
            let rows = try database.read {
                try Row.fetchAll($0, sql: Query.smimePage, arguments: ["after": after, "limit": 256])
            }
            for row in rows {
                after = row["fingerprint"]
                if let known = try known(row) { try body(known) }
            }
            if rows.count < 256 { return }
        }
    }

    /// One certificate by its SHA-256 fingerprint; nil if it is not known.
    public func smimeCertificate(_ fingerprint: String) throws -> KnownX509? {
        let row = try database.read {
            try Row.fetchOne($0, sql: Query.smimeOne, arguments: ["fingerprint": fingerprint])
        }
        return try row.flatMap { try known($0) }
    }

    /// Deletes a certificate, with its private key only if that is asked for.
    /// - Throws: `notFound`; `hasSecretKey` if there is a private key and it was not asked for.
    public func deleteSMIME(_ fingerprint: String, includingSecret: Bool = false) throws {
        try database.write { connection in
            guard
                let row = try Row.fetchOne(connection, sql: Query.smimeOne, arguments: ["fingerprint": fingerprint])
            else { throw KeyStoreError(.notFound, "certificate \(fingerprint): not in the store") }
            if row.octetsOrNil("sealed") != nil {
                guard includingSecret else {
                    throw KeyStoreError(
                        .hasSecretKey,
                        "certificate \(fingerprint): its private key is here and mail to it could no longer be read; "
                            + "export it first, then delete with the private key")
                }
                try connection.execute(sql: Query.deleteSMIMESecret, arguments: ["fingerprint": fingerprint])
            }
            try connection.execute(sql: Query.deleteSMIME, arguments: ["fingerprint": fingerprint])
            _ = try Self.raiseCounter(connection)
        }
        if includingSecret {
            try? database.administer { _ = try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        }
    }

    /// Answers from memory while the store has not changed, else in one snapshot.
    private func smime(
        _ question: SMIMECache.Question, _ fetch: (Database) throws -> [Row]
    ) throws -> [KnownX509] {
        let counter = try changeCounter()
        if let known = smimeCache.answer(to: question, counter: counter) { return known }
        let (snapshot, rows) = try database.read { (try Self.counter($0), try fetch($0)) }
        let found = try rows.compactMap { try known($0) }
        smimeCache.remember(found, for: question, counter: snapshot)
        return found
    }

    private func known(_ row: Row) throws -> KnownX509? {
        guard let certificate = try? X509Certificate(der: row.octets("bytes")) else { return nil }
        var key: CMSPrivateKey?
        if let sealed = row.octetsOrNil("sealed") {
            let opened = try openGatewaySecret(
                sealed, fingerprint: row["fingerprint"], account: row["account"], table: .smime)
            do { key = try CMSPrivateKey(opened) } catch {
                throw KeyStoreError(.corrupt, "private key \(certificate.serial): cannot be read; import it again")
            }
        }
        return KnownX509(
            certificate: certificate, provenance: Provenance(stored: row["provenance"]),
            capabilities: row.octetsOrNil("capabilities").flatMap { try? SMIMECapabilities($0) }, privateKey: key)
    }
}
