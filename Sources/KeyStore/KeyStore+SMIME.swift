public import CMS
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
            let (master, sealed) = try seal(
                key.pkcs8, in: .smimeSecret, key: [SQLValue(fingerprint)], account: SQLValue(account), connection)
            try connection.execute(
                Query.insertSMIMESecret,
                [
                    "fingerprint": SQLValue(fingerprint), "account": SQLValue(account), "master": SQLValue(master),
                    "now": SQLValue(clock()),
                    "sealed": SQLValue(sealed),
                ])
            _ = try Self.raiseCounter(connection)
            return SMIMEEntry(certificate: certificate, outcome: entry.outcome, hasPrivateKey: true)
        }
    }

    func store(
        _ certificate: X509Certificate, _ provenance: Provenance, _ capabilities: SMIMECapabilities?,
        in connection: any StoreConnection
    ) throws -> SMIMEEntry {
        guard certificate.der.count <= Self.maximumX509 else {
            throw KeyStoreError(.unusableInput, "certificate \(certificate.serial): larger than 256 KiB")
        }
        let fingerprint = try certificate.fingerprintHex
        let known = try connection.row(Query.smimeOne, ["fingerprint": SQLValue(fingerprint)])
        let before = try known.map { Provenance(stored: try $0.text("provenance")) }
        let raised = provenance.raised(to: before)
        let stated = try known?.blobOrNil("capabilities")
        let isSame =
            known != nil && raised == before
            && (capabilities == nil || capabilities?.encoded == stated)
        let hasKey = try known?.blobOrNil("sealed") != nil
        guard !isSame else {
            return SMIMEEntry(certificate: certificate, outcome: .unchanged, hasPrivateKey: hasKey)
        }
        try connection.execute(
            Query.insertSMIME,
            [
                "fingerprint": SQLValue(fingerprint), "issuer": SQLValue(certificate.identity.issuer),
                "serial": SQLValue(certificate.identity.serial),
                "subject_key_id": SQLValue(certificate.subjectKeyIdentifier),
                "provenance": SQLValue(raised.rawValue), "now": SQLValue(clock()),
                "capabilities": SQLValue(capabilities?.encoded), "bytes": SQLValue(certificate.der),
            ])
        for address in certificate.emailAddresses.compactMap(\.address) where address.isDomainMapped {
            try connection.execute(
                Query.insertSMIMEAddress,
                [
                    "fingerprint": SQLValue(fingerprint), "domain": SQLValue(address.domain),
                    "local_part": SQLValue(address.localPart),
                ])
        }
        return SMIMEEntry(
            certificate: certificate, outcome: known == nil ? .new : .updated, hasPrivateKey: hasKey)
    }

    // MARK: Look-ups

    /// Certificates that carry exactly this address, whatever they are good for, the longest valid first.
    public func smimeCertificates(for address: EmailAddress) throws -> [KnownX509] {
        guard address.isDomainMapped else { return [] }
        return try smime(.address(address)) { connection in
            try connection.rows(
                Query.smimeByAddress,
                [
                    "domain": SQLValue(address.domain), "local_part": SQLValue(address.localPart),
                    "limit": SQLValue(Self.lookupLimit),
                ])
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
                    try connection.rows(
                        Query.smimeByIdentity,
                        [
                            "issuer": SQLValue(identity.issuer), "serial": SQLValue(identity.serial),
                            "limit": SQLValue(Self.lookupLimit),
                        ])
                case .subjectKeyIdentifier(let key):
                    try connection.rows(
                        Query.smimeByKeyIdentifier,
                        ["subject_key_id": SQLValue(key), "limit": SQLValue(Self.lookupLimit)])
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
                try $0.rows(Query.smimePage, ["after": SQLValue(after), "limit": 256])
            }
            for row in rows {
                after = try row.text("fingerprint")
                if let known = try known(row) { try body(known) }
            }
            if rows.count < 256 { return }
        }
    }

    /// One certificate by its SHA-256 fingerprint; nil if it is not known.
    public func smimeCertificate(_ fingerprint: String) throws -> KnownX509? {
        let row = try database.read {
            try $0.row(Query.smimeOne, ["fingerprint": SQLValue(fingerprint)])
        }
        return try row.flatMap { try known($0) }
    }

    /// Deletes a certificate, with its private key only if that is asked for.
    /// - Throws: `notFound`; `hasSecretKey` if there is a private key and it was not asked for.
    public func deleteSMIME(_ fingerprint: String, includingSecret: Bool = false) throws {
        try database.write { connection in
            guard
                let row = try connection.row(Query.smimeOne, ["fingerprint": SQLValue(fingerprint)])
            else { throw KeyStoreError(.notFound, "certificate \(fingerprint): not in the store") }
            if try row.blobOrNil("sealed") != nil {
                guard includingSecret else {
                    throw KeyStoreError(
                        .hasSecretKey,
                        "certificate \(fingerprint): its private key is here and mail to it could no longer be read; "
                            + "export it first, then delete with the private key")
                }
                try connection.execute(Query.deleteSMIMESecret, ["fingerprint": SQLValue(fingerprint)])
            }
            try connection.execute(Query.deleteSMIME, ["fingerprint": SQLValue(fingerprint)])
            _ = try Self.raiseCounter(connection)
        }
        if includingSecret {
            database.scrub()
        }
    }

    /// Answers from memory while the store has not changed, else in one snapshot.
    func smime(
        _ question: SMIMECache.Question, _ fetch: (any StoreConnection) throws -> [SQLRow]
    ) throws -> [KnownX509] {
        let counter = try changeCounter()
        if let known = smimeCache.answer(to: question, counter: counter) { return known }
        let (snapshot, rows) = try database.read { (try Self.counter($0), try fetch($0)) }
        let found = try rows.compactMap { try known($0) }
        smimeCache.remember(found, for: question, counter: snapshot)
        return found
    }

    private func known(_ row: SQLRow) throws -> KnownX509? {
        let der = try row.blob("bytes")
        guard let certificate = try? X509Certificate(der: der) else { return nil }
        var key: CMSPrivateKey?
        if let sealed = try row.blobOrNil("sealed") {
            let opened = try open(
                sealed, in: .smimeSecret, key: [row.value("fingerprint")], account: row.value("account"))
            do { key = try CMSPrivateKey(opened) } catch {
                throw KeyStoreError(.corrupt, "private key \(certificate.serial): cannot be read; import it again")
            }
        }
        return KnownX509(
            certificate: certificate, provenance: Provenance(stored: try row.text("provenance")),
            capabilities: try row.blobOrNil("capabilities").flatMap { try? SMIMECapabilities($0) }, privateKey: key)
    }
}
