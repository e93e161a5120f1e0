import GRDB
import Libcrypto
import MIME
public import OpenPGP
public import ProtectedMail

/// What the mail path asks. Every question costs one indexed statement while the store does not change.
extension KeyStore: CertificateSource {
    /// Most certificates that answer one question; an attacker can make any number with one key ID.
    static let maximumAnswers = 64

    /// Certificates whose user IDs have `address` by the rule of ``AddressFolding``, best trusted and newest first; those
    /// that can be encrypted to at `time` where there are any, else whatever is known.
    public func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
        let counter = try changeCounter()
        let candidates = try cache.certificates(at: address, counter) { try loadCandidates(address) }
        guard !candidates.isEmpty else { return [] }
        let usable = candidates.filter { candidate in
            candidate.certificate.validUserIDs(at: time).contains(candidate.userID)
                && !candidate.certificate.encryptionKeys(at: time).isEmpty
        }
        let chosen = AddressFolding.choose(usable.isEmpty ? candidates : usable, for: address.localPart) {
            $0.localPart
        }
        var seen: Set<Fingerprint> = []
        return
            chosen
            .sorted { a, b in
                let (first, second) = (Self.strength(a.provenance), Self.strength(b.provenance))
                if first != second { return first < second }
                return a.certificate.primaryKey.creation > b.certificate.primaryKey.creation
            }
            .filter { seen.insert($0.certificate.fingerprint).inserted }
            .map { KnownCertificate(certificate: $0.certificate, provenance: $0.provenance) }
    }

    /// The gateway's own secret key for `address`: the newest of those that hold it; nil where there is none.
    public func ownSecret(for address: EmailAddress) throws -> SecretCertificate? {
        let counter = try changeCounter()
        let candidates = try cache.secrets(at: address, counter) { try loadSecrets(address) }
        return AddressFolding.choose(candidates, for: address.localPart) { $0.localPart }
            .max { $0.secret.certificate.primaryKey.creation < $1.secret.certificate.primaryKey.creation }?.secret
    }

    /// All certificates with a key that one of the hints names.
    public func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        guard !issuers.isEmpty else { return [] }
        let counter = try changeCounter()
        var seen: Set<Fingerprint> = []
        return try issuers.prefix(Self.maximumAnswers).flatMap { hint in
            try cache.certificates(by: hint, counter) { try load(hint) }
        }.filter { seen.insert($0.certificate.fingerprint).inserted }
    }

    /// The gateway's decryption keys with one of these IDs; for hidden recipients all of them, up to a bound.
    public func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        var rows: [(String, Int64)] = []
        try database.read { connection in
            for id in Set(recipients).prefix(Self.maximumAnswers) where id != .wildcard {
                rows += try Self.references(
                    connection, Query.secretsByKeyID, ["key_id": id.hex, "limit": Self.maximumAnswers])
            }
            guard recipients.contains(.wildcard) else { return }
            let all = try String.fetchAll(
                connection, sql: Query.allSecretFingerprints, arguments: ["limit": Self.maximumAnswers])
            for fingerprint in all {
                rows += try Self.references(connection, Query.byFingerprint, ["fingerprint": fingerprint])
            }
        }
        var seen: Set<String> = []
        return try rows.filter { seen.insert($0.0).inserted }
            .flatMap { try secret($0.0, $0.1).decryptionKeys() }
    }

    static func strength(_ provenance: Provenance) -> Int { Provenance.allCases.firstIndex(of: provenance) ?? .max }

    static func references(_ connection: Database, _ sql: String, _ arguments: StatementArguments) throws -> [(
        String, Int64
    )] {
        try Row.fetchAll(connection.cachedStatement(sql: sql), arguments: arguments).map {
            ($0["fingerprint"], $0["revision"])
        }
    }

    private func loadCandidates(_ address: EmailAddress) throws -> [AddressCandidate] {
        try database.read { connection in
            let rows = try Row.fetchAll(
                connection.cachedStatement(sql: Query.byAddress),
                arguments: [
                    "domain": address.domain, "folded": AddressFolding.fold(address.localPart),
                    "limit": Self.maximumAnswers,
                ])
            return try rows.map { row in
                AddressCandidate(
                    certificate: try certificate(row["fingerprint"], row["revision"], in: connection),
                    userID: UserID(bytes: row.octets("user_id")), localPart: row["local_part"] ?? "",
                    provenance: Provenance(rawValue: row["provenance"]) ?? .message)
            }
        }
    }

    private func loadSecrets(_ address: EmailAddress) throws -> [SecretCandidate] {
        let rows = try database.read { connection in
            try Row.fetchAll(
                connection.cachedStatement(sql: Query.secretsByAddress),
                arguments: [
                    "domain": address.domain, "folded": AddressFolding.fold(address.localPart),
                    "limit": Self.maximumAnswers,
                ])
        }
        return try rows.map { row in
            SecretCandidate(
                secret: try secret(row["fingerprint"], row["revision"]), userID: UserID(bytes: row.octets("user_id")),
                localPart: row["local_part"] ?? "")
        }
    }

    private func load(_ hint: IssuerHint) throws -> [KnownCertificate] {
        try database.read { connection in
            let rows: [(String, Int64)]
            switch hint {
            case .fingerprint(let value):
                rows = try Self.references(
                    connection, Query.byKeyFingerprint, ["key_fingerprint": value.hex, "limit": Self.maximumAnswers])
            case .keyID(let value):
                rows = try Self.references(
                    connection, Query.byKeyID, ["key_id": value.hex, "limit": Self.maximumAnswers])
            }
            return try rows.map { fingerprint, revision in
                let userIDs = try Row.fetchAll(
                    connection.cachedStatement(sql: Query.userIDs), arguments: ["fingerprint": fingerprint])
                let certificate = try certificate(fingerprint, revision, in: connection)
                // The least of its user IDs: the holder of a key can add any address to it.
                let provenance = userIDs.compactMap { Provenance(rawValue: $0["provenance"]) }
                    .max { Self.strength($0) < Self.strength($1) }
                return KnownCertificate(certificate: certificate, provenance: provenance ?? .message)
            }
        }
    }

    func certificate(_ fingerprint: String, _ revision: Int64, in connection: Database) throws -> Certificate {
        try cache.certificate(fingerprint, revision) {
            guard
                let row = try Row.fetchOne(
                    connection.cachedStatement(sql: Query.certificate), arguments: ["fingerprint": fingerprint])
            else { throw KeyStoreError(.notFound, "certificate \(fingerprint) was deleted meanwhile") }
            return try Self.parse(row.octets("bytes"), fingerprint)
        }
    }

    static func parse(_ bytes: [UInt8], _ fingerprint: String) throws -> Certificate {
        do { return try Certificate(parsing: bytes) } catch {
            throw KeyStoreError(
                .corrupt, "certificate \(fingerprint) in the store cannot be read (\(error)); restore it from a backup")
        }
    }

    func secret(_ fingerprint: String, _ revision: Int64) throws -> SecretCertificate {
        try cache.secret(fingerprint, revision) {
            let (row, bytes) = try database.read { connection in
                (
                    try Row.fetchOne(
                        connection.cachedStatement(sql: Query.secret), arguments: ["fingerprint": fingerprint]),
                    try certificate(fingerprint, revision, in: connection)
                )
            }
            guard let row else { throw KeyStoreError(.notFound, "secret key \(fingerprint) was deleted meanwhile") }
            let opened = try openGatewaySecret(
                row.octets("sealed"), fingerprint: fingerprint, account: row["account"])
            return try Self.parseSecret(opened, fingerprint).merged(with: bytes)
        }
    }

    static func parseSecret(_ secret: SecretBytes, _ fingerprint: String) throws -> SecretCertificate {
        try secret.withBytes { span in
            var bytes = [UInt8](repeating: 0, count: span.count)
            defer { for index in bytes.indices { bytes[index] = 0 } }
            for index in 0..<span.count { bytes[index] = span[index] }
            do { return try SecretCertificate(parsing: bytes) } catch {
                throw KeyStoreError(.corrupt, "secret key \(fingerprint) in the store cannot be read (\(error))")
            }
        }
    }
}
