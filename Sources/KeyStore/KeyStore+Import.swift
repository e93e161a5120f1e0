public import Libcrypto
public import OpenPGP
public import ProtectedMail

extension KeyStore {
    /// Octets of one certificate past which an import refuses it.
    static let maximumCertificate = 4 << 20
    /// Certificates per transaction: bounds what an interrupted import loses and how long others wait.
    private static let importBatch = 200

    /// Takes certificates in, binary or armored, one or a whole ring; of secret keys only the public halves.
    ///
    /// What is known is merged: no user ID, signature or revocation is lost. The provenance of a certificate and of
    /// each user ID only rises; see ``setProvenance(_:of:)`` to set it.
    /// - Parameter progress: called with the number of certificates handled so far.
    /// - Throws: `unusableInput` if there is no certificate at all; what is wrong with single ones is in the report.
    public func importCertificates(
        _ bytes: [UInt8], provenance: Provenance, progress: ((Int) -> Void)? = nil
    ) throws -> ImportReport {
        let (certificates, problems) = try parse { try Certificate.parseAll(bytes) }
        guard !certificates.isEmpty else { throw unusable("certificate", problems) }
        var report = ImportReport()
        report.problems = problems.map(\.description)
        var rest = certificates.makeIterator()
        var done = 0
        try importCertificates(provenance: provenance, next: { rest.next() }) { part in
            report.entries += part.entries
            report.problems += part.problems
            done += part.entries.count + part.problems.count
            progress?(done)
        }
        return report
    }

    /// The same for any number of certificates, which come one after the other.
    ///
    /// - Parameters:
    ///   - next: gives the next certificate, nil after the last.
    ///   - each: gets what became of some hundred that are in the store now.
    public func importCertificates(
        provenance: Provenance, next: () throws -> Certificate?, each: (ImportReport) throws -> Void
    ) throws {
        var isLast = false
        while !isLast {
            var batch: [Certificate] = []
            while batch.count < Self.importBatch {
                guard let certificate = try next() else {
                    isLast = true
                    break
                }
                batch.append(certificate)
            }
            guard !batch.isEmpty else { return }
            let part = try database.write { connection in
                var part = ImportReport()
                var revision: Int64?
                for certificate in batch {
                    do {
                        part.entries.append(try store(certificate, provenance, &revision, in: connection))
                    } catch let error as KeyStoreError where error.code == .unusableInput {
                        part.problems.append(error.message)
                    }
                }
                return part
            }
            try each(part)
        }
    }

    /// Takes secret keys in for the gateway's own use: unlocked with the password, then sealed under the master key.
    /// Their certificates get the provenance `own`.
    ///
    /// - Throws: `passwordRequired`, `wrongPassword`, `unusableInput`. The caller wipes `bytes` if they are open.
    public func importSecretKeys(
        _ bytes: [UInt8], password: SecretBytes? = nil, account: String = "", progress: ((Int) -> Void)? = nil
    ) throws -> ImportReport {
        let (keys, problems) = try parse { try SecretCertificate.parseAll(bytes) }
        guard !keys.isEmpty else { throw unusable("secret key", problems) }
        // All are opened before the first is stored: a wrong password changes nothing.
        let opened = try keys.map { try unlocked($0, password) }
        var report = ImportReport()
        report.problems = problems.map(\.description)
        for key in opened {
            report.entries.append(try importSecretKey(key, account: account))
            progress?(report.entries.count)
        }
        return report
    }

    /// Takes one open secret key in, for example one that was just generated.
    @discardableResult
    public func importSecretKey(_ key: SecretCertificate, account: String = "") throws -> ImportReport.Entry {
        guard !key.isLocked else {
            throw KeyStoreError(.passwordRequired, "secret key \(key.fingerprint.hex): locked; give its password")
        }
        let fingerprint = key.fingerprint.hex
        return try database.write { connection in
            var revision: Int64?
            var entry = try store(key.certificate, .own, &revision, in: connection)
            let row = try connection.row(Query.secret, ["fingerprint": SQLValue(fingerprint)])
            var whole = key
            var account = account
            if let row {
                account = try row.text("account")
                let known = try SecretBuffer.parse(
                    open(
                        row.blob("sealed"), in: .gatewaySecret, key: [SQLValue(fingerprint)], account: SQLValue(account)
                    ))
                guard key.presentSecrets != known.presentSecrets || entry.outcome != .unchanged else {
                    entry.hasSecret = true
                    return entry
                }
                whole = try known.merged(with: key)
            }
            let now = try revision ?? Self.raiseCounter(connection)
            // The certificate's revision covers its secret too: caches go by it.
            try connection.execute(Query.touch, ["fingerprint": SQLValue(fingerprint), "revision": SQLValue(now)])
            let (master, sealed) = try seal(
                whole.serialized(), in: .gatewaySecret, key: [SQLValue(fingerprint)], account: SQLValue(account),
                connection)
            try connection.execute(
                Query.insertSecret,
                [
                    "fingerprint": SQLValue(fingerprint), "account": SQLValue(account), "master": SQLValue(master),
                    "revision": SQLValue(now),
                    "now": SQLValue(clock()), "sealed": SQLValue(sealed),
                ])
            if entry.outcome == .unchanged { entry.outcome = .updated }
            entry.hasSecret = true
            return entry
        }
    }

    /// Sets how far a certificate and all its user IDs are believed, up or down.
    /// - Throws: `notFound`.
    public func setProvenance(_ provenance: Provenance, of fingerprint: Fingerprint) throws {
        try database.write { connection in
            guard let known = try StoredCertificate.fetch(fingerprint.hex, in: connection) else {
                throw KeyStoreError(.notFound, "certificate \(fingerprint.hex): not in the store")
            }
            try StoredCertificate.write(
                try known.parsed(), bytes: known.bytes, provenance: provenance, userIDs: [:],
                revision: Self.raiseCounter(connection), now: clock(), in: connection)
        }
    }

    /// Merges one certificate with what is known of it.
    ///
    /// - Parameter believing: how far each user ID is believed, where not all as far as the certificate.
    func store(
        _ certificate: Certificate, _ provenance: Provenance, _ revision: inout Int64?,
        in connection: any StoreConnection, believing: ((UserID) -> Provenance)? = nil
    ) throws -> ImportReport.Entry {
        let fingerprint = certificate.fingerprint.hex
        let known = try StoredCertificate.fetch(fingerprint, in: connection)
        var merged = certificate
        if let known {
            do { merged = try known.parsed().merged(with: certificate) } catch let error as OpenPGPError {
                throw KeyStoreError(.unusableInput, "certificate \(fingerprint): \(error)")
            }
        }
        let bytes = merged.serialized()
        guard bytes.count <= Self.maximumCertificate else {
            throw KeyStoreError(
                .unusableInput,
                "certificate \(fingerprint): \(bytes.count) octets, at most \(Self.maximumCertificate) are taken")
        }
        let raised = provenance.raised(to: known?.provenance)
        var userIDs = known?.userIDs ?? [:]
        for component in certificate.userIDs {
            let believed = believing?(component.userID) ?? provenance
            userIDs[component.userID.bytes] = believed.raised(to: userIDs[component.userID.bytes])
        }
        var entry = ImportReport.Entry(
            fingerprint: certificate.fingerprint, userIDs: merged.userIDs.prefix(8).map(\.userID.string), outcome: .new,
            hasSecret: false)
        if let known {
            if known.bytes == bytes, known.provenance == raised, known.userIDs == userIDs {
                entry.outcome = .unchanged
                return entry
            }
            entry.outcome = .updated
        }
        let now = try revision ?? Self.raiseCounter(connection)
        revision = now
        try StoredCertificate.write(
            merged, bytes: bytes, provenance: raised, userIDs: userIDs, revision: now, now: clock(), in: connection)
        return entry
    }

    private func unlocked(_ key: SecretCertificate, _ password: SecretBytes?) throws -> SecretCertificate {
        guard key.isLocked else { return key }
        let name = "secret key \(key.fingerprint.hex)"
        guard let password else {
            throw KeyStoreError(.passwordRequired, "\(name): locked; give its password")
        }
        do {
            let opened = try key.unlocked(password: password)
            guard !opened.isLocked else {
                throw KeyStoreError(.wrongPassword, "\(name): the password opens only some of its parts")
            }
            return opened
        } catch let error as OpenPGPError {
            guard error.code == .wrongPassword else {
                throw KeyStoreError(.unusableInput, "\(name): cannot be unlocked (\(error))")
            }
            throw KeyStoreError(.wrongPassword, "\(name): wrong password")
        }
    }

    private func parse<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as OpenPGPError {
            throw KeyStoreError(.unusableInput, "input: \(error); give an OpenPGP key, binary or armored")
        }
    }

    private func unusable(_ what: String, _ problems: [OpenPGPError]) -> KeyStoreError {
        KeyStoreError(
            .unusableInput,
            "input: no usable \(what)" + (problems.first.map { " (\($0))" } ?? "; is it the right file?"))
    }
}
