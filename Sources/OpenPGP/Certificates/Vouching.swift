import Libcrypto

/// Certifications of one key's user IDs by another.
extension Certificate {
    /// Whether this certificate's key says, and may say, that a user ID belongs to another certificate. Of its own user
    /// IDs a certificate vouches for those it binds.
    ///
    /// Hashes count as in data signatures: who is certified may have chosen what is hashed.
    ///
    /// - Parameters:
    ///   - time: the moment asked about.
    ///   - evaluation: now, for the policy's dates; nil for `time`.
    public func vouches(
        for userID: UserID, of other: Certificate, at time: Timestamp, policy: AlgorithmPolicy = .standard,
        evaluation: Timestamp? = nil
    ) -> Bool {
        guard let status = keyStatuses(at: time, policy: policy, evaluation: evaluation).first, status.validity.isValid
        else { return false }
        if other.primaryKey == primaryKey {
            return other.merged(orSelf: self).validUserIDs(at: time, policy: policy, evaluation: evaluation)
                .contains(userID)
        }
        guard status.flags.contains(.certify),
            let component = other.userIDs.first(where: { $0.userID == userID })
        else { return false }
        let statements = component.signatures.signatures.filter { signature in
            signature.type.isCertification || signature.type == .certificationRevocation
        }.filter { signature in
            signature.mayBeIssued(by: fingerprint) && signature.structuralDefect == nil && signature.isAlive(at: time)
                && policy.accepts(
                    hash: signature.hash, for: .dataSignature, created: signature.creation, at: evaluation ?? time)
        }.prefix(ComponentSignatures.maximumVariants * 8)
        // The last word counts; of two from one second the one that takes it back.
        let newest = statements.filter { isMaker(of: $0, userID, other.primaryKey) }.max { first, second in
            let (a, b) = (first.creation?.seconds ?? 0, second.creation?.seconds ?? 0)
            return a != b ? a < b : second.type == .certificationRevocation
        }
        return newest?.type.isCertification ?? false
    }

    private func isMaker(of signature: Signature, _ userID: UserID, _ primary: PublicKey) -> Bool {
        guard let value = signature.digestValue(over: .userID(userID.bytes, of: primary)) else { return false }
        return (try? signature.verify(digestValue: value, with: primaryKey)) ?? false
    }

    /// Both together where they are of one key.
    private func merged(orSelf other: Certificate) -> Certificate { (try? merged(with: other)) ?? self }
}
