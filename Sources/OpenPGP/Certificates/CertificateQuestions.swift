/// Questions to a certificate. All take a time explicitly. Where `evaluation` is given, it is "now" for the policy's
/// dates, while `time` is a moment in the past, such as the creation of a signature; else both are the same.
/// Revocations that are hard count for all times.
extension Certificate {
    /// Whether the certificate counts: whether its primary key does.
    public func validity(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> CertificateValidity {
        judge(time, policy, evaluation).primary().validity
    }

    /// What the certificate says about each of its keys, the primary key first.
    public func keyStatuses(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> [KeyStatus] {
        judge(time, policy, evaluation).keys()
    }

    /// What the certificate says about one of its keys; nil for keys that are not in it.
    public func keyStatus(
        of fingerprint: Fingerprint, at time: Timestamp, policy: AlgorithmPolicy = .standard,
        evaluation: Timestamp? = nil
    ) -> KeyStatus? {
        let judge = judge(time, policy, evaluation)
        let primary = judge.primary()
        if fingerprint == self.fingerprint { return primary }
        guard let index = subkeys.firstIndex(where: { $0.key.fingerprint == fingerprint }) else { return nil }
        return judge.subkey(index, under: primary)
    }

    /// Keys to encrypt to, newest first, of equally old ones the strongest, the primary key last; to encrypt, take the
    /// first. Empty where the certificate
    /// or every such key does not count.
    public func encryptionKeys(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> [PublicKey] {
        keys(for: .encryption, flags: .encrypt, time, policy, evaluation)
    }

    /// Keys whose signatures over documents count, newest first.
    public func verificationKeys(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> [PublicKey] {
        keys(for: .signature, flags: .sign, time, policy, evaluation)
    }

    /// User IDs that the key itself certifies and has not revoked, the main one first. Whether the certificate as a
    /// whole counts is for `validity`: user IDs of an expired or revoked key are listed too.
    public func validUserIDs(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> [UserID] {
        judge(time, policy, evaluation).validUserIDs().map { userIDs[$0.index].userID }
    }

    /// The main user ID: the newest of those marked so, else the newest.
    public func primaryUserID(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> UserID? {
        validUserIDs(at: time, policy: policy, evaluation: evaluation).first
    }

    /// What the owner asks of those who write to them.
    public func preferences(
        at time: Timestamp, policy: AlgorithmPolicy = .standard, evaluation: Timestamp? = nil
    ) -> CertificatePreferences {
        judge(time, policy, evaluation).preferences()
    }

    private func judge(_ time: Timestamp, _ policy: AlgorithmPolicy, _ evaluation: Timestamp?) -> CertificateJudge {
        CertificateJudge(self, at: time, policy: policy, evaluation: evaluation)
    }

    private func keys(
        for use: AlgorithmPolicy.KeyUse, flags: KeyFlags, _ time: Timestamp, _ policy: AlgorithmPolicy,
        _ evaluation: Timestamp?
    ) -> [PublicKey] {
        let usable = judge(time, policy, evaluation).keys().filter { status in
            status.validity.isValid && !status.flags.isDisjoint(with: flags)
                && (use == .signature ? status.key.algorithm.canSign : status.key.algorithm.canEncrypt)
                && policy.accepts(key: status.key, for: use, at: evaluation ?? time)
        }
        let subkeys = usable.filter { !$0.isPrimary }.map(\.key).sorted { a, b in
            a.creation != b.creation ? a.creation > b.creation : a.strength > b.strength
        }
        return subkeys + usable.filter(\.isPrimary).map(\.key)
    }
}
