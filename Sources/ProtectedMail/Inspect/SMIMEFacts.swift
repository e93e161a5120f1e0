import CMS
import MIME
import OpenPGP

extension MailJudge {
    /// What the reader of CMS found out about one signer, in the terms that the checks share.
    ///
    /// `certificates` and `lists` came with the message: they may complete a chain, they are never trusted.
    func facts(
        _ report: SignerReport, certificates: [X509Certificate], lists: [RevocationList]
    ) -> SignatureFacts {
        var facts = SignatureFacts(verdict: SignatureVerdict(status: .neutral, protocol: .smime))
        facts.verdict.created = report.signingTime.map { Timestamp($0) }
        facts.verdict.certificate = report.certificate
        facts.verdict.capabilities = report.capabilities
        facts.refusals = Self.refusals(report.outcome)
        guard let certificate = report.certificate else { return facts }
        facts.identities = certificate.emailAddresses.map { address in
            .init(address: address.address, text: String(decoding: address.raw, as: UTF8.self))
        }
        guard let trust = lookup.smimeTrust() else { return facts }
        let result = ChainValidator.validate(
            certificate, intermediates: certificates, store: trust.store, crls: trust.lists + lists,
            at: report.signingTime, now: time.seconds, purpose: .signing, policy: trust.policy)
        let isBound = result.failures.allSatisfy { Self.leavesTrust($0.code) }
        facts.verdict.trust = isBound ? .chain : .none
        let failures = result.failures.compactMap(Self.diagnostic)
        facts.verdict.keyValidity =
            failures.isEmpty ? "valid when signed and now" : result.failures.map(\.message).joined(separator: "; ")
        // Of a signature that does not hold, the certificate says nothing.
        if facts.refusals.isEmpty { facts.refusals = failures }
        return facts
    }

    /// What an outcome means for the mail. A certificate that is not there is what RFC 7281, section 3.1, names as an
    /// example of `permerror`.
    private static func refusals(_ outcome: SignerOutcome) -> [Diagnostic] {
        switch outcome {
        case .valid: []
        case .contentChanged, .badSignature: [.init(.fail, .badSignature, "the content does not match the signature")]
        case .certificateMissing: [.init(.permerror, .unknownKey, "the certificate of the signer is not known")]
        case .attributeProblem(.contentTwice):
            [.init(.fail, .twoContents, "the signature brings content along that is not the one it stands beside")]
        case .attributeProblem(.contentMissing):
            [.init(.permerror, .noContent, "there is no content for the signature")]
        case .attributeProblem(let problem):
            [.init(.fail, .badAttributes, "the signed attributes cannot be relied on: \(problem.rawValue)")]
        case .weakAlgorithm(let name):
            [.policy(.weakAlgorithm, "the signature relies on \(name), which is too weak")]
        case .unsupported(let what):
            [.init(.neutral, .unsupported, "the signature needs what is not supported: \(what)")]
        }
    }

    /// Whether a certificate with this failure still was issued to its addresses by a trusted authority.
    private static func leavesTrust(_ code: ChainDiagnostic.Code) -> Bool {
        switch code {
        case .notYetValid, .expired, .expiredSince, .notYetValidNow, .keyUsage, .extendedKeyUsage, .weakKey, .revoked,
            .revokedSince, .listMissing, .listExpired, .listInvalid:
            true
        case .untrusted, .badSignature, .notAuthority, .pathTooLong, .nameConstraints, .policies, .weakHash,
            .criticalExtension, .malformed, .failed:
            false
        }
    }

    /// What a failure of the chain means for the mail; nil where the check of trust says it.
    private static func diagnostic(_ failure: ChainDiagnostic) -> Diagnostic? {
        switch failure.code {
        case .notYetValid, .notYetValidNow: .policy(.keyNotYetValid, failure.message)
        case .expired, .expiredSince: .policy(.keyExpired, failure.message)
        case .keyUsage, .extendedKeyUsage: .init(.fail, .notSigningKey, failure.message)
        case .weakHash, .weakKey: .policy(.weakAlgorithm, failure.message)
        case .revoked: .init(.fail, .keyRevoked, failure.message)
        case .revokedSince: .policy(.keyRevoked, failure.message)
        case .listMissing, .listExpired, .listInvalid: .policy(.revocationUnknown, failure.message)
        case .untrusted, .badSignature, .notAuthority, .pathTooLong, .nameConstraints, .policies, .criticalExtension,
            .malformed, .failed:
            nil
        }
    }
}
