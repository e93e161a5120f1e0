/// Answers about one certificate at one time, under one policy. Signatures are verified already; this only weighs them.
struct CertificateJudge {
    private let parts: CertificateParts
    private let signatures: SelfSignatures
    private let time: Timestamp
    private let policy: AlgorithmPolicy
    private let evaluation: Timestamp

    init(_ certificate: Certificate, at time: Timestamp, policy: AlgorithmPolicy, evaluation: Timestamp?) {
        parts = certificate.content.parts
        signatures = certificate.content.selfSignatures
        self.time = time
        self.policy = policy
        self.evaluation = evaluation ?? time
    }

    // MARK: Signatures

    private func accepts(_ signature: Signature, for use: AlgorithmPolicy.HashUse) -> Bool {
        policy.accepts(hash: signature.hash, for: use, created: signature.creation, at: evaluation)
    }

    /// The newest self-signature that counts at the time: made before it and not ended.
    private func current(_ bindings: [Signature]) -> Signature? {
        bindings.first { $0.isAlive(at: time) && accepts($0, for: .selfSignature) }
    }

    private func isRevokedHard(_ revocations: [Signature]) -> Bool {
        revocations.contains { $0.revocationReason.isHard && accepts($0, for: .revocation) }
    }

    /// A revocation ends what it revokes from its creation on, until a newer self-signature takes it back.
    private func isRevokedSoft(_ revocations: [Signature], binding: Signature?) -> Bool {
        revocations.contains { revocation in
            guard revocation.isAlive(at: time), accepts(revocation, for: .revocation) else { return false }
            guard let renewed = binding?.creation, let revoked = revocation.creation else { return true }
            return renewed <= revoked
        }
    }

    // MARK: User IDs

    /// User IDs that count, with the self-signature that says so; the main one first.
    func validUserIDs() -> [(index: Int, binding: Signature)] {
        var found: [(index: Int, binding: Signature)] = []
        for (index, part) in signatures.userIDs.enumerated() {
            guard let binding = current(part.bindings), !isRevokedSoft(part.revocations, binding: binding) else {
                continue
            }
            found.append((index, binding))
        }
        let best = found.indices.max { first, second in
            let a = found[first].binding
            let b = found[second].binding
            if a.isPrimaryUserID != b.isPrimaryUserID { return b.isPrimaryUserID }
            if a.creation != b.creation { return (a.creation?.seconds ?? 0) < (b.creation?.seconds ?? 0) }
            return first > second
        }
        if let best, best != 0 { found.insert(found.remove(at: best), at: 0) }
        return found
    }

    /// The self-signature of the main user ID; of a revoked one only where there is no other, because it still says
    /// when the key ends.
    private func mainUserIDBinding() -> Signature? {
        if let main = validUserIDs().first { return main.binding }
        return signatures.userIDs.compactMap { current($0.bindings) }
            .max { ($0.creation?.seconds ?? 0) < ($1.creation?.seconds ?? 0) }
    }

    /// The self-signatures that speak for the key as a whole, the one to be asked first in front. Before version 6 that is
    /// the one of the main user ID (RFC 9580 section 5.2.3.10).
    private var spokesmen: [Signature] {
        let direct = current(signatures.direct.bindings)
        let main = mainUserIDBinding()
        return (parts.primaryKey.version >= 6 ? [direct, main] : [main, direct]).compactMap(\.self)
    }

    // MARK: Keys

    /// Judges the primary key.
    func primary() -> KeyStatus {
        let key = parts.primaryKey
        let spokesmen = spokesmen
        // A direct-key signature that says when the key ends wins in every version.
        let direct = current(signatures.direct.bindings)
        let ends = ([direct].compactMap(\.self) + spokesmen).lazy.compactMap(\.keyExpiration)
        let seconds = ends.first { $0 != 0 }
        let expiration = seconds.map { key.creation.adding(seconds: Int64($0)) }
        let flags = spokesmen.lazy.compactMap(\.keyFlags).first ?? Self.defaultFlags(key, isPrimary: true)

        func status(_ validity: CertificateValidity) -> KeyStatus {
            KeyStatus(key: key, isPrimary: true, validity: validity, flags: flags, expiration: expiration)
        }
        if isRevokedHard(signatures.direct.revocations) { return status(.revoked(hard: true)) }
        if key.creation > time { return status(.notYetValid) }
        if let weakness = policy.weakness(of: key, for: .signature, at: evaluation) {
            return status(.unusable("the policy refuses \(weakness)"))
        }
        let newest = spokesmen.max { ($0.creation?.seconds ?? 0) < ($1.creation?.seconds ?? 0) }
        if isRevokedSoft(signatures.direct.revocations, binding: newest) { return status(.revoked(hard: false)) }
        if newest == nil, let reason = whyUnbound() { return status(reason) }
        if let expiration, expiration <= time { return status(.expired(at: expiration)) }
        return status(.valid)
    }

    /// Why a primary key without a self-signature that counts does not count itself; nil where a subkey binding shows
    /// that the owner uses it and nothing was ever said against it (key servers strip user IDs).
    private func whyUnbound() -> CertificateValidity? {
        let refused = signatures.direct.refused + signatures.userIDs.flatMap(\.refused)
        if let reason = refused.first?.structuralDefect { return .unusable("no self-signature counts: \(reason)") }
        let all = signatures.direct.bindings + signatures.userIDs.flatMap(\.bindings)
        let past = all.filter { ($0.creation ?? time) <= time }
        guard past.isEmpty else {
            if past.contains(where: { !accepts($0, for: .selfSignature) && $0.isAlive(at: time) }) {
                return .unusable("the policy refuses the hash of every self-signature")
            }
            let ends = past.compactMap(\.expirationTime)
            return ends.max().map { .expired(at: $0) } ?? .unusable("there is no valid self-signature")
        }
        if signatures.subkeys.contains(where: { current($0.bindings) != nil }) { return nil }
        return all.isEmpty ? .unusable("there is no valid self-signature") : .notYetValid
    }

    /// Judges a subkey by its place in the certificate, under a judged primary key.
    func subkey(_ index: Int, under primary: KeyStatus) -> KeyStatus {
        let key = parts.subkeys[index].key
        let part = signatures.subkeys[index]
        let found = part.bindings.firstIndex { $0.isAlive(at: time) && accepts($0, for: .selfSignature) }
        let binding = found.map { part.bindings[$0] }
        let expiration = binding?.keyExpiration.flatMap { $0 == 0 ? nil : key.creation.adding(seconds: Int64($0)) }
        var flags: KeyFlags = []
        if let binding, let found {
            let backs = part.backSignatures[found]
            let isBacked = backs.contains { $0.isAlive(at: time) && accepts($0, for: .selfSignature) }
            flags = binding.keyFlags ?? Self.defaultFlags(key, isPrimary: false)
            // Without it anybody could adopt the signing key of another as their own.
            if !isBacked { flags.subtract([.sign, .certify]) }
        }
        func status(_ validity: CertificateValidity) -> KeyStatus {
            KeyStatus(key: key, isPrimary: false, validity: validity, flags: flags, expiration: expiration)
        }
        if isRevokedHard(part.revocations) { return status(.revoked(hard: true)) }
        if !primary.validity.isValid { return status(primary.validity) }
        if key.creation > time { return status(.notYetValid) }
        // RFC 9580 section 10.1: keys of different versions do not belong together.
        guard key.version == parts.primaryKey.version else {
            return status(.unusable("the subkey has another version than the primary key"))
        }
        if isRevokedSoft(part.revocations, binding: binding) { return status(.revoked(hard: false)) }
        guard binding != nil else {
            let isFuture = part.bindings.contains { ($0.creation ?? time) > time }
            return status(isFuture ? .notYetValid : .unusable("there is no valid binding signature"))
        }
        if let expiration, expiration <= time { return status(.expired(at: expiration)) }
        if flags.isEmpty, key.algorithm.canSign, !key.algorithm.canEncrypt,
            part.bindings.contains(where: { $0.keyFlags?.contains(.sign) ?? true })
        {
            return status(.unusable("the signing subkey has no valid back-signature"))
        }
        return status(.valid)
    }

    /// All keys, the primary key first.
    func keys() -> [KeyStatus] {
        let primary = primary()
        return [primary] + parts.subkeys.indices.map { subkey($0, under: primary) }
    }

    /// What a key may do whose binding says nothing: whatever its algorithm can, as old keys mean it.
    private static func defaultFlags(_ key: PublicKey, isPrimary: Bool) -> KeyFlags {
        var flags: KeyFlags = isPrimary ? [.certify] : []
        if key.algorithm.canSign { flags.insert(.sign) }
        if key.algorithm.canEncrypt { flags.formUnion(.encrypt) }
        return flags
    }

    /// Preferences, each of the first self-signature that says something of it.
    func preferences() -> CertificatePreferences {
        var result = CertificatePreferences()
        for signature in spokesmen {
            if result.symmetric.isEmpty { result.symmetric = signature.preferredSymmetric }
            if result.hash.isEmpty { result.hash = signature.preferredHash }
            if result.compression.isEmpty { result.compression = signature.preferredCompression }
            if result.features == nil { result.features = signature.features }
            if result.cipherSuites.isEmpty { result.cipherSuites = signature.preferredCipherSuites }
        }
        return result
    }
}
