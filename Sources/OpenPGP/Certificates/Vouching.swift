/// Certifications of one key's user IDs by another.
extension Certificate {
    /// Whether this certificate's key says, and may say, that a user ID belongs to another certificate. Of its own user
    /// IDs a certificate vouches for those it binds.
    ///
    /// - Parameters:
    ///   - time: the moment asked about.
    ///   - evaluation: now, for the policy's dates; nil for `time`.
    public func vouches(
        for userID: UserID, of other: Certificate, at time: Timestamp, policy: AlgorithmPolicy = .standard,
        evaluation: Timestamp? = nil
    ) -> Bool {
        guard other.primaryKey == primaryKey else {
            return other.certification(of: userID, by: self, at: time, policy: policy, evaluation: evaluation) != nil
        }
        return validity(at: time, policy: policy, evaluation: evaluation).isValid
            && other.merged(orSelf: self).validUserIDs(at: time, policy: policy, evaluation: evaluation)
                .contains(userID)
    }

    /// Both together where they are of one key.
    private func merged(orSelf other: Certificate) -> Certificate { (try? merged(with: other)) ?? self }
}
