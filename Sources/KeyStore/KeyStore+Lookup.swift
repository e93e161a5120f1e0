import Libcrypto
public import MIME
public import OpenPGP
public import ProtectedMail

extension KeyStore: CertificateSource {
    /// Most rows that one lookup takes into account: nobody can slow mail down by claiming a key ID or address often.
    static let lookupLimit = 64

    /// Certificates that mail to an address may be encrypted to at a time: with a valid user ID for it (exact local
    /// part first, else another case of ASCII letters if there is only one spelling) and a key that encrypts. Best
    /// binding first, then the newest. The provenance is that of the user ID.
    public func encryptionCertificates(
        for address: EmailAddress, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> [KnownCertificate] {
        guard address.isDomainMapped else { return [] }
        // Mail to one of our own users goes to the ring in use, as far as it can be encrypted to.
        let ring = try hits(for: .ring(address)) { connection in
            try Self.addressHits(connection, Query.currentRingByAddress, address)
        }
        let current = try usable(ring, for: address, at: time, policy, ownMailbox: true) {
            !$0.encryptionKeys(at: time, policy: policy).isEmpty
        }
        if let current = current.first {
            return [KnownCertificate(certificate: current.entry.certificate, provenance: .own)]
        }
        let hits = try hits(for: .address(address)) { connection in
            try Self.addressHits(connection, Query.byAddress, address)
        }
        let candidates = try usable(hits, for: address, at: time, policy) {
            !$0.encryptionKeys(at: time, policy: policy).isEmpty
        }
        return candidates.map { KnownCertificate(certificate: $0.entry.certificate, provenance: $0.hit.provenance) }
    }

    /// All certificates with a key that one of the hints names. The provenance holds for every user ID of the
    /// certificate that is returned: user IDs that came later from a weaker source are left out of it.
    public func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        var found: [KnownCertificate] = []
        var seen: Set<String> = []
        for issuer in issuers.prefix(Self.lookupLimit) {
            let hits = try hits(for: .key(issuer)) { connection in
                switch issuer {
                case .fingerprint(let fingerprint):
                    try Self.keyHits(connection, Query.byKeyFingerprint, ["key_fingerprint": SQLValue(fingerprint.hex)])
                case .keyID(let keyID):
                    try Self.keyHits(connection, Query.byKeyID, ["key_id": SQLValue(keyID.bytes)])
                }
            }
            for hit in hits where seen.insert(hit.fingerprint).inserted {
                guard let entry = try entry(hit) else { continue }
                found.append(entry.vouched)
            }
        }
        return found
    }

    /// The decryption keys of the gateway with these key IDs; for a hidden recipient all, up to a bound.
    public func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        var keys: [DecryptionKey] = []
        var seen: Set<Fingerprint> = []
        for keyID in recipients.prefix(Self.lookupLimit) {
            let hits = try hits(for: .secretsOfKey(keyID)) { connection in
                keyID == .wildcard
                    ? try Self.keyHits(connection, Query.allSecretFingerprints, [:])
                    : try Self.keyHits(connection, Query.secretsByKeyID, ["key_id": SQLValue(keyID.bytes)])
            }
            for hit in hits {
                guard let secret = try secretCertificate(hit) else { continue }
                for key in secret.decryptionKeys()
                where keyID == .wildcard || key.publicKey.keyID == keyID {
                    if seen.insert(key.publicKey.fingerprint).inserted { keys.append(key) }
                }
            }
        }
        return keys
    }

    /// The decryption keys of the gateway for mail to an address, expired and revoked ones too: those of certificates whose
    /// user ID for it comes from a source that binds it.
    public func decryptionKeys(of address: EmailAddress) throws -> [DecryptionKey] {
        guard address.isDomainMapped else { return [] }
        let hits = try hits(for: .secretsOfAddress(address)) { connection in
            try Self.addressHits(connection, Query.secretsByAddress, address)
        }
        var seen: Set<String> = []
        return try hits.filter { $0.provenance.bindsAddress && seen.insert($0.fingerprint).inserted }
            .compactMap { try secretCertificate($0) }.flatMap { $0.decryptionKeys() }
    }

    /// The gateway's key for an address, by the same rule as certificates: usable for signing at `time` first, then
    /// the newest. Nil where there is none.
    public func ownSecret(
        for address: EmailAddress, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> SecretCertificate? {
        guard address.isDomainMapped else { return nil }
        let hits = try hits(for: .secretsOfAddress(address)) { connection in
            try Self.addressHits(connection, Query.secretsByAddress, address)
        }
        let signing = try usable(hits, for: address, at: time, policy) {
            !$0.verificationKeys(at: time, policy: policy).isEmpty
        }
        guard let best = signing.first else { return nil }
        return try secretCertificate(best.hit)
    }

    /// The same for the present time.
    public func ownSecret(for address: EmailAddress) throws -> SecretCertificate? {
        try ownSecret(for: address, at: Timestamp(clock()))
    }

    // MARK: -

    /// Answers from memory while the store has not changed, else in one snapshot.
    private func hits(
        for question: CertificateCache.Question, _ fetch: (any StoreConnection) throws -> [CertificateCache.Hit]
    )
        throws -> [CertificateCache.Hit]
    {
        let counter = try changeCounter()
        if let known = cache.hits(for: question, counter: counter) { return known }
        let (snapshot, hits) = try database.read { (try Self.counter($0), try fetch($0)) }
        cache.remember(hits, for: question, counter: snapshot)
        return hits
    }

    private static func addressHits(_ connection: any StoreConnection, _ sql: String, _ address: EmailAddress) throws
        -> [CertificateCache.Hit]
    {
        let rows = try connection.rows(
            sql,
            [
                "domain": SQLValue(address.domain), "folded": SQLValue(AddressFolding.fold(address.localPart)),
                "limit": SQLValue(lookupLimit),
            ])
        return try rows.map { row in
            CertificateCache.Hit(
                fingerprint: try row.text("fingerprint"), revision: try row.integer("revision"),
                userID: try row.blob("user_id"),
                localPart: try row.text("local_part"), provenance: Provenance(stored: try row.text("provenance")))
        }
    }

    private static func keyHits(_ connection: any StoreConnection, _ sql: String, _ values: [String: SQLValue]) throws
        -> [CertificateCache.Hit]
    {
        var arguments = values
        arguments["limit"] = SQLValue(lookupLimit)
        return try connection.rows(sql, arguments)
            .map { CertificateCache.Hit(fingerprint: try $0.text("fingerprint"), revision: try $0.integer("revision")) }
    }

    private struct Candidate {
        var hit: CertificateCache.Hit
        var entry: CertificateCache.Entry
    }

    private func usable(
        _ hits: [CertificateCache.Hit], for address: EmailAddress, at time: Timestamp, _ policy: AlgorithmPolicy,
        ownMailbox: Bool = false,
        _ accepts: (Certificate) -> Bool
    ) throws -> [Candidate] {
        var candidates: [Candidate] = []
        for hit in hits {
            guard var entry = try entry(hit) else { continue }
            entry.certificate = try withRevokers(entry.certificate)
            guard accepts(entry.certificate),
                entry.certificate.validUserIDs(at: time, policy: policy).contains(where: { $0.bytes == hit.userID })
            else { continue }
            candidates.append(Candidate(hit: hit, entry: entry))
        }
        var best: [String: Candidate] = [:]
        // Our own mailboxes are told apart without the case of letters.
        let chosen =
            ownMailbox
            ? candidates
            : AddressFolding.choose(candidates, for: address.localPart, spelling: { $0.hit.localPart })
        for candidate in chosen {
            let known = best[candidate.hit.fingerprint]
            if known.map({ candidate.hit.provenance.isStronger(than: $0.hit.provenance) }) ?? true {
                best[candidate.hit.fingerprint] = candidate
            }
        }
        return best.values.sorted { a, b in
            if a.hit.provenance != b.hit.provenance { return a.hit.provenance.isStronger(than: b.hit.provenance) }
            let (left, right) = (a.entry.certificate.primaryKey.creation, b.entry.certificate.primaryKey.creation)
            return left != right ? left > right : a.hit.fingerprint < b.hit.fingerprint
        }
    }

    /// The certificate with what those of the store that it designates as revokers say of it.
    private func withRevokers(_ certificate: Certificate) throws -> Certificate {
        guard certificate.hasUncheckedRevocations else { return certificate }
        return certificate.considering(
            revokers: try certificate.designatedRevokers.compactMap { try entry($0.hex)?.certificate })
    }

    /// The parsed certificate of a hit; nil if it was deleted since.
    private func entry(_ hit: CertificateCache.Hit) throws -> CertificateCache.Entry? {
        if let known = cache.certificate(hit.fingerprint, revision: hit.revision) { return known }
        return try entry(hit.fingerprint)
    }

    func entry(_ fingerprint: String) throws -> CertificateCache.Entry? {
        let found = try database.read { connection -> StoredCertificate? in
            try StoredCertificate.fetch(fingerprint, in: connection)
        }
        guard let found else { return nil }
        if let known = cache.certificate(fingerprint, revision: found.revision) { return known }
        let certificate = try found.parsed()
        let entry = CertificateCache.Entry(
            revision: found.revision, certificate: certificate, vouched: found.vouched(certificate),
            octets: found.bytes.count)
        cache.remember(entry, fingerprint: fingerprint)
        return entry
    }

    private func secretCertificate(_ hit: CertificateCache.Hit) throws -> SecretCertificate? {
        guard let entry = try entry(hit) else { return nil }
        return try secretCertificate(entry, fingerprint: hit.fingerprint)
    }

    /// The opened secret key under the newest state of its certificate; nil if there is none.
    func secretCertificate(fingerprint: String) throws -> SecretCertificate? {
        guard let entry = try entry(fingerprint) else { return nil }
        return try secretCertificate(entry, fingerprint: fingerprint)
    }

    private func secretCertificate(_ entry: CertificateCache.Entry, fingerprint: String) throws -> SecretCertificate? {
        if let known = cache.secret(fingerprint, revision: entry.revision) { return known }
        let row = try database.read {
            try $0.row(Query.secret, ["fingerprint": SQLValue(fingerprint)])
        }
        guard let row else { return nil }
        let opened = try open(
            row.blob("sealed"), in: .gatewaySecret, key: [SQLValue(fingerprint)], account: row.value("account"))
        let secret = try SecretBuffer.parse(opened).merged(with: entry.certificate)
        cache.remember(secret, fingerprint: fingerprint, revision: entry.revision)
        return secret
    }
}
