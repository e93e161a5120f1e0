import GRDB
public import Libcrypto
import MIME
public import OpenPGP
public import ProtectedMail

/// What an import did.
public struct ImportReport: Sendable, Equatable {
    /// Fingerprints of what was not known before.
    public var added: [String] = []
    /// Fingerprints of what gained something: a user ID, a signature, a revocation, a secret, trust.
    public var updated: [String] = []
    /// Fingerprints of what held nothing new.
    public var unchanged: [String] = []
    /// What could not be taken, in words.
    public var problems: [String] = []

    public init() {}
}

extension KeyStore {
    /// Certificates taken in one transaction.
    private static let batch = 100

    /// Takes certificates, armored or binary, one or a whole key ring. What is known is merged: no user ID, signature or
    /// revocation is ever lost, and provenance only rises.
    ///
    /// - Parameter progress: called with the number of certificates done and the number in all.
    /// - Throws: `unusableInput` where the bytes hold no certificate at all.
    public func importCertificates(
        _ bytes: [UInt8], provenance: Provenance, progress: ((Int, Int) -> Void)? = nil
    ) throws -> ImportReport {
        let (certificates, problems) = try Self.parsing { try Certificate.parseAll(bytes) }
        var report = ImportReport()
        report.problems = problems.map(\.description)
        guard !certificates.isEmpty else { throw Self.nothing(report.problems, "certificate") }
        var done = 0
        while done < certificates.count {
            let part = certificates[done..<min(done + Self.batch, certificates.count)]
            let before = report
            report = try database.write { connection in
                var report = before
                for certificate in part { try take(certificate, provenance, in: connection, &report) }
                return report
            }
            done += part.count
            progress?(done, certificates.count)
        }
        return report
    }

    /// Takes secret keys of the gateway; they are kept sealed under the master key, without their password.
    ///
    /// - Throws: `passwordRequired`, `wrongPassword`, `unusableInput`.
    public func importSecretKeys(_ bytes: [UInt8], password: SecretBytes?) throws -> ImportReport {
        let (keys, problems) = try Self.parsing { try SecretCertificate.parseAll(bytes) }
        var report = ImportReport()
        report.problems = problems.map(\.description)
        guard !keys.isEmpty else { throw Self.nothing(report.problems, "secret key") }
        let opened = try keys.map { try Self.open($0, password) }
        return try database.write { connection in
            for key in opened { try take(key, in: connection, &report) }
            return report
        }
    }

    /// Takes a key that was just generated. The fingerprint is in the report.
    public func add(_ key: SecretCertificate) throws -> ImportReport {
        try database.write { connection in
            var report = ImportReport()
            try take(key, in: connection, &report)
            return report
        }
    }

    private static func parsing<R>(_ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as OpenPGPError {
            throw KeyStoreError(.unusableInput, "the input holds no OpenPGP key: \(error.description)")
        }
    }

    private static func nothing(_ problems: [String], _ what: String) -> KeyStoreError {
        KeyStoreError(.unusableInput, "the input holds no \(what)\(problems.first.map { ": " + $0 } ?? "")")
    }

    private static func open(_ key: SecretCertificate, _ password: SecretBytes?) throws -> SecretCertificate {
        guard key.isLocked else { return key }
        guard let password else {
            throw KeyStoreError(
                .passwordRequired, "secret key \(key.fingerprint.hex) is locked: give its password")
        }
        do {
            let opened = try key.unlocked(password: password)
            guard !opened.isLocked else {
                throw KeyStoreError(
                    .wrongPassword, "the password opens only some parts of secret key \(key.fingerprint.hex)")
            }
            return opened
        } catch let error as OpenPGPError {
            throw KeyStoreError(
                error.code == .wrongPassword ? .wrongPassword : .unusableInput,
                "secret key \(key.fingerprint.hex): \(error.message)")
        }
    }

    private func take(
        _ certificate: Certificate, _ provenance: Provenance, in connection: Database, _ report: inout ImportReport
    ) throws {
        let fingerprint = certificate.fingerprint.hex
        let row = try Row.fetchOne(connection, sql: Query.certificate, arguments: ["fingerprint": fingerprint])
        guard let row else {
            guard !certificate.userIDs.isEmpty else {
                report.problems.append(
                    "certificate \(fingerprint) has no user ID and is not known: it can only update one that is")
                return
            }
            try write(certificate, provenance, [:], in: connection)
            report.added.append(fingerprint)
            return
        }
        let known = try Self.parse(row.octets("bytes"), fingerprint)
        let merged = try known.merged(with: certificate)
        let old = Provenance(rawValue: row["provenance"]) ?? .message
        let best = Self.strength(provenance) < Self.strength(old) ? provenance : old
        var userIDs = try trust(of: fingerprint, in: connection)
        // What came now vouches for the user IDs that came with it, not for others.
        for component in certificate.userIDs {
            let before = userIDs[component.userID]
            if before.map({ Self.strength(provenance) < Self.strength($0) }) ?? true {
                userIDs[component.userID] = provenance
            }
        }
        if merged.serialized() == known.serialized(), best == old,
            userIDs == (try trust(of: fingerprint, in: connection))
        {
            report.unchanged.append(fingerprint)
            return
        }
        try write(merged, best, userIDs, in: connection)
        report.updated.append(fingerprint)
    }

    private func take(_ key: SecretCertificate, in connection: Database, _ report: inout ImportReport) throws {
        let fingerprint = key.fingerprint.hex
        var key = key
        let known = try Row.fetchOne(connection, sql: Query.certificate, arguments: ["fingerprint": fingerprint])
        if let known { key = try key.merged(with: Self.parse(known.octets("bytes"), fingerprint)) }
        let old = try Row.fetchOne(connection, sql: Query.secret, arguments: ["fingerprint": fingerprint])
        var account = key.certificate.userIDs.lazy.compactMap(\.userID.emailAddress).first ?? fingerprint
        var before: SecretBytes?
        if let old {
            account = old["account"]
            let opened = try openGatewaySecret(old.octets("sealed"), fingerprint: fingerprint, account: account)
            before = opened
            key = try Self.parseSecret(opened, fingerprint).merged(with: key)
        }
        let secret = key.serialized()
        if let before, before == secret {
            report.unchanged.append(fingerprint)
            return
        }
        let trusted = Dictionary(
            key.certificate.userIDs.map { ($0.userID, Provenance.own) }, uniquingKeysWith: { first, _ in first })
        let revision = try write(key.certificate, .own, trusted, in: connection)
        let sealed = try sealGatewaySecret(secret, fingerprint: fingerprint, account: account, in: connection)
        try connection.execute(
            sql: Query.insertSecret,
            arguments: [
                "fingerprint": fingerprint, "account": account, "master": sealed.master, "revision": revision,
                "now": clock(), "sealed": Blob.of(sealed.sealed),
            ])
        if known == nil { report.added.append(fingerprint) } else { report.updated.append(fingerprint) }
    }

    private func trust(of fingerprint: String, in connection: Database) throws -> [UserID: Provenance] {
        let rows = try Row.fetchAll(connection, sql: Query.userIDs, arguments: ["fingerprint": fingerprint])
        return Dictionary(
            rows.map { (UserID(bytes: $0.octets("user_id")), Provenance(rawValue: $0["provenance"]) ?? .message) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Writes a certificate with all that it is found by; `trust` holds user IDs whose provenance differs.
    @discardableResult
    private func write(
        _ certificate: Certificate, _ provenance: Provenance, _ trust: [UserID: Provenance], in connection: Database
    ) throws -> Int64 {
        let revision = try Self.raiseCounter(connection)
        let fingerprint = certificate.fingerprint.hex
        try connection.execute(
            sql: Query.insertCertificate,
            arguments: [
                "fingerprint": fingerprint, "provenance": provenance.rawValue, "revision": revision, "now": clock(),
                "bytes": Blob.of(certificate.serialized()),
            ])
        try connection.execute(sql: Query.deleteKeys, arguments: ["fingerprint": fingerprint])
        for key in certificate.allKeys {
            try connection.execute(
                sql: Query.insertKey,
                arguments: [
                    "fingerprint": fingerprint, "key_fingerprint": key.fingerprint.hex, "key_id": key.keyID.hex,
                ])
        }
        for component in certificate.userIDs {
            let address = component.userID.emailAddress.flatMap { EmailAddress($0) }
            try connection.execute(
                sql: Query.insertUserID,
                arguments: [
                    "fingerprint": fingerprint, "user_id": Blob.of(component.userID.bytes),
                    "provenance": (trust[component.userID] ?? provenance).rawValue,
                    "local_part": address?.localPart,
                    "local_folded": address.map { AddressFolding.fold($0.localPart) }, "domain": address?.domain,
                ])
        }
        return revision
    }
}
