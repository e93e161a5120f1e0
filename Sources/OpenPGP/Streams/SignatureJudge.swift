import Libcrypto

/// Judges a signature over data: mathematics first, then times, revocations and flags of the key, at the time the signature
/// was made and now (RFC 9580 section 5.2.3 and 5.2.3.31).
struct SignatureJudge {
    let time: Timestamp
    let policy: AlgorithmPolicy
    let certificates: CertificateLookup

    /// How far the signer's clock may be ahead of ours, in seconds.
    private static let clockTolerance: Int64 = 300
    /// Most certificates that are tried for one signature.
    private static let maximumCandidates = 32

    /// `digest` gives a fresh digest of the content under the signature's hash, or nil if the content was not hashed so.
    func judge(_ signature: Signature, digest: () throws -> Digest?) throws -> SignatureResult {
        func result(
            _ outcome: SignatureOutcome, _ key: PublicKey? = nil, _ certificate: Certificate? = nil
        ) -> SignatureResult {
            SignatureResult(signature: signature, signer: key, certificate: certificate, outcome: outcome)
        }
        guard signature.type == .binary || signature.type == .text else {
            return result(.malformed("a signature of type \(signature.type.rawValue) is not over data"))
        }
        if let defect = signature.structuralDefect(knowing: policy.criticalNotations) {
            return result(.malformed(defect))
        }
        guard let creation = signature.creation else {
            return result(.malformed("the signature does not say when it was made"))
        }
        let candidates = try certificates(signature.issuers).prefix(Self.maximumCandidates)
        let keys = candidates.flatMap { certificate in
            certificate.allKeys.filter { signature.mayBeIssued(by: $0.fingerprint) }.map { ($0, certificate) }
        }
        guard !keys.isEmpty else { return result(.unknownKey) }
        // The hash comes first: nothing made with a broken one says anything.
        guard policy.accepts(hash: signature.hash, for: .dataSignature, created: creation, at: time) else {
            return result(.weakAlgorithm("\(signature.hash)"), keys.first?.0, keys.first?.1)
        }
        var obstacle: SignatureResult?
        for (key, certificate) in keys {
            let isRight: Bool
            do {
                guard let content = try digest() else {
                    return result(.unsupported("\(signature.hash) cannot be computed"), key, certificate)
                }
                isRight = try signature.verify(digest: content, with: key)
            } catch let error as OpenPGPError {
                // One key that cannot be used, put there by anybody, must not hide the right one after it.
                obstacle = obstacle ?? result(.unsupported(error.message), key, certificate)
                continue
            } catch let error as LibcryptoError {
                obstacle = obstacle ?? result(.unsupported(error.message), key, certificate)
                continue
            }
            guard isRight else { continue }
            let known = try withRevokers(certificate)
            return result(outcome(of: signature, created: creation, key, known), key, known)
        }
        return obstacle ?? result(.bad, keys.first?.0, keys.first?.1)
    }

    /// The certificate with what its designated revokers say of it.
    private func withRevokers(_ certificate: Certificate) throws -> Certificate {
        guard certificate.hasUncheckedRevocations else { return certificate }
        let hints = certificate.designatedRevokers.map(IssuerHint.fingerprint)
        return certificate.considering(revokers: Array(try certificates(hints).prefix(Self.maximumCandidates)))
    }

    /// What times, revocations, flags and policy say of a signature whose mathematics is right.
    private func outcome(
        of signature: Signature, created: Timestamp, _ key: PublicKey, _ certificate: Certificate
    ) -> SignatureOutcome {
        if created.seconds > time.seconds + Self.clockTolerance {
            return .malformed("the signature is dated in the future")
        }
        if created < key.creation { return .keyNotYetValid }
        if let weakness = policy.weakness(of: key, for: .signature, at: time) { return .weakAlgorithm(weakness) }
        if let expiration = signature.expiration, created.seconds + Int64(expiration) <= time.seconds {
            return .signatureExpired
        }
        // A clock that is a little ahead must not make a fresh key look as if it did not exist yet.
        let now = max(time, created)
        for moment in [now, created] {
            guard
                let status = certificate.keyStatus(
                    of: key.fingerprint, at: moment, policy: policy, evaluation: now)
            else { return .notSigningKey("key \(key.keyID.hex) is not in the certificate") }
            switch status.validity {
            case .valid: break
            case .expired: return .keyExpired
            case .revoked(let hard): return .keyRevoked(hard: hard)
            case .notYetValid: return .keyNotYetValid
            case .unusable(let reason): return .notSigningKey(reason)
            }
            guard status.flags.contains(.sign) else {
                return .notSigningKey("key \(key.keyID.hex) is not a signing key")
            }
        }
        return .good
    }
}
