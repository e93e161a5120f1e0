public import MIME
public import OpenPGP
public import ProtectedMail

/// Rings of others as mail uses them: on behalf of the user who keeps them, and for nobody else.
extension KeyStore {
    /// Certificates that a user's own mail to an address may be encrypted to, beside those that count for everybody.
    public func keptCertificates(
        for address: EmailAddress, by user: EmailAddress, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> [KnownCertificate] {
        guard address.isDomainMapped else { return [] }
        return try kept(by: user, .address(address)).filter { known in
            !known.certificate.encryptionKeys(at: time, policy: policy).isEmpty
                && known.certificate.validUserIDs(at: time, policy: policy).contains { userID in
                    guard let named = userID.emailAddress.flatMap({ EmailAddress($0) }) else { return false }
                    return named.domain == address.domain
                        && AddressFolding.fold(named.localPart) == AddressFolding.fold(address.localPart)
                }
        }
    }

    /// Certificates that signatures in a user's mail may be checked with, beside those that count for everybody.
    public func keptCertificates(for issuers: [IssuerHint], by user: EmailAddress) throws -> [KnownCertificate] {
        try issuers.prefix(Self.lookupLimit).flatMap { issuer in
            try kept(by: user, .key(issuer.keyID)).filter { !$0.certificate.keys(matching: issuer).isEmpty }
        }
    }

    private func kept(by user: EmailAddress, _ subject: KeptRingQuestion.Subject) throws -> [KnownCertificate] {
        guard user.isDomainMapped else { return [] }
        let question = KeptRingQuestion(user: user, subject: subject)
        let counter = try changeCounter()
        if let known = keptRings.answer(to: question, counter: counter) { return known }
        let (snapshot, account) = try database.read { (try Self.counter($0), try Self.account(for: user, in: $0)) }
        var rings: [ExternalRing] = []
        if let account {
            switch subject {
            case .address(let address): rings = try externalRings(for: address, visibleTo: account)
            case .key(let keyID): rings = try externalRings(for: keyID, visibleTo: account)
            }
        }
        let found = rings.map { ring in
            // What its keeper made sure of binds its addresses for them. What came in a mail does not, nor does what a
            // colleague shares.
            let isTrusted = ring.isVerified && ring.accountID == account?.id
            var known = KnownCertificate(
                certificate: ring.certificate, provenance: isTrusted ? .userVerified : .autocrypt)
            known.prefersInline = ring.isInline
            return known
        }
        keptRings.remember(found, for: question, counter: snapshot)
        return found
    }
}

/// What mail asks for among the rings that a user keeps of others.
struct KeptRingQuestion: Hashable, Sendable {
    enum Subject: Hashable, Sendable {
        case address(EmailAddress)
        case key(KeyID)
    }

    var user: EmailAddress
    var subject: Subject
}
