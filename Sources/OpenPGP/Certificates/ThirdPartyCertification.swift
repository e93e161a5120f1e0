/// What another key says about a user ID.
public struct ThirdPartyCertification: Sendable, Equatable {
    /// The user ID.
    public let userID: UserID
    /// The certification or its revocation; nobody has verified it.
    public let signature: Signature
    /// Who claims to have made it, best hint first.
    public var issuers: [IssuerHint] { signature.issuers }
}

extension Certificate {
    /// What others say about the user IDs, unverified, in the order of the user IDs. A list to look at or to find the
    /// issuers by: whether one counts is for `certification(of:by:)`.
    public var thirdPartyCertifications: [ThirdPartyCertification] {
        userIDs.flatMap { component in
            component.signatures.signatures.filter { !$0.mayBeIssued(by: fingerprint) }
                .map { ThirdPartyCertification(userID: component.userID, signature: $0) }
        }
    }

    /// The newest certification by which another certificate vouches for a user ID of this one.
    ///
    /// It counts when the issuer's primary key made it, may certify and counted then and counts now, and when it has not
    /// ended and the issuer has not taken it back. Its hash must be one for documents: what is certified came from
    /// somebody else. Whether the issuer is to be trusted is another question.
    ///
    /// - Parameters:
    ///   - time: when it must count.
    ///   - evaluation: "now" for the dates of the policy; nil for `time`.
    public func certification(
        of userID: UserID, by issuer: Certificate, at time: Timestamp, policy: AlgorithmPolicy = .standard,
        evaluation: Timestamp? = nil
    ) -> Signature? {
        let evaluation = evaluation ?? time
        guard let component = userIDs.first(where: { $0.userID == userID }),
            issuer.mayCertify(at: time, policy: policy, evaluation: evaluation)
        else { return nil }
        let object = SignedObject.userID(userID.bytes, of: primaryKey)
        func isRight(_ signature: Signature) -> Bool {
            guard signature.mayBeIssued(by: issuer.fingerprint), signature.structuralDefect == nil,
                let creation = signature.creation, creation <= time,
                policy.accepts(hash: signature.hash, for: .dataSignature, created: creation, at: evaluation),
                let value = signature.digestValue(over: object)
            else { return false }
            return (try? signature.verify(digestValue: value, with: issuer.primaryKey)) ?? false
        }
        let made = component.signatures.signatures.filter {
            ($0.type.isCertification || $0.type == .certificationRevocation) && isRight($0)
        }
        guard
            let newest = made.max(by: { ($0.creation?.seconds ?? 0, rank($0)) < ($1.creation?.seconds ?? 0, rank($1)) }
            ),
            newest.type.isCertification, newest.isAlive(at: time), let creation = newest.creation,
            issuer.mayCertify(at: creation, policy: policy, evaluation: evaluation)
        else { return nil }
        return newest
    }

    /// Of two from the same second the revocation counts.
    private func rank(_ signature: Signature) -> Int { signature.type.isRevocation ? 1 : 0 }

    private func mayCertify(at time: Timestamp, policy: AlgorithmPolicy, evaluation: Timestamp) -> Bool {
        guard let status = keyStatus(of: fingerprint, at: time, policy: policy, evaluation: evaluation) else {
            return false
        }
        return status.validity.isValid && status.flags.contains(.certify)
    }
}
