/// The signatures of a certificate that its own keys made, and the revocations by those it designated, verified: true
/// for all times and policies, newest first.
struct SelfSignatures: Sendable {
    /// The signatures on one part.
    struct Part: Sendable {
        /// Certifications, direct-key signatures or bindings.
        var bindings: [Signature] = []
        var revocations: [Signature] = []
        /// Bindings that are right by their mathematics but must not be used, such as with an unknown critical
        /// notation.
        var refused: [Signature] = []
        /// For subkeys: the verified back-signatures inside each binding, in the order of `bindings`.
        var backSignatures: [[Signature]] = []

        /// Whether any own signature on the part is right, of whatever time.
        var isBound: Bool { !bindings.isEmpty || !refused.isEmpty || !revocations.isEmpty }
    }

    private(set) var direct = Part()
    private(set) var userIDs: [Part] = []
    private(set) var userAttributes: [Part] = []
    private(set) var subkeys: [Part] = []
    /// Keys that may revoke in the name of this one.
    private(set) var designatedRevokers: [Fingerprint] = []

    private var budget = VerificationBudget()
    /// Most designated revokers of one certificate.
    private static let maximumRevokers = 16

    init(verifying parts: CertificateParts, revokers: [Certificate]) {
        let primary = parts.primaryKey
        direct = part(
            parts.direct, over: .key(primary), by: primary, bindings: { $0 == .directKey },
            revocation: .keyRevocation)
        for component in parts.userIDs {
            userIDs.append(
                part(
                    component.signatures, over: .userID(component.userID.bytes, of: primary), by: primary,
                    bindings: \.isCertification, revocation: .certificationRevocation))
        }
        for component in parts.userAttributes {
            userAttributes.append(
                part(
                    component.signatures, over: .userAttribute(component.body, of: primary), by: primary,
                    bindings: \.isCertification, revocation: .certificationRevocation))
        }
        for component in parts.subkeys {
            var verified = part(
                component.signatures, over: .subkey(component.key, of: primary), by: primary,
                bindings: { $0 == .subkeyBinding }, revocation: .subkeyRevocation)
            verified.backSignatures = verified.bindings.map { backSignatures(in: $0, of: component.key, on: primary) }
            subkeys.append(verified)
        }
        for signature in direct.bindings + userIDs.flatMap(\.bindings) {
            for revoker in signature.designatedRevokers
            where designatedRevokers.count < Self.maximumRevokers && !designatedRevokers.contains(revoker) {
                designatedRevokers.append(revoker)
            }
        }
        for revoker in revokers where designatedRevokers.contains(revoker.fingerprint) {
            addRevocations(by: revoker.primaryKey, of: parts)
        }
    }

    /// A designated revoker's word counts like the key's own, whatever became of the revoker's key since.
    private mutating func addRevocations(by revoker: PublicKey, of parts: CertificateParts) {
        let primary = parts.primaryKey
        direct.revocations += revocations(.keyRevocation, in: parts.direct, over: .key(primary), by: revoker)
        for (index, component) in parts.userIDs.enumerated() {
            userIDs[index].revocations += revocations(
                .certificationRevocation, in: component.signatures,
                over: .userID(component.userID.bytes, of: primary), by: revoker)
        }
        for (index, component) in parts.subkeys.enumerated() {
            subkeys[index].revocations += revocations(
                .subkeyRevocation, in: component.signatures, over: .subkey(component.key, of: primary), by: revoker)
        }
    }

    private mutating func part(
        _ component: ComponentSignatures, over object: SignedObject, by primary: PublicKey,
        bindings: (SignatureType) -> Bool, revocation: SignatureType
    ) -> Part {
        var result = Part()
        // Revocations first, then the newest: what matters must be inside of the budget.
        result.revocations = revocations(revocation, in: component, over: object, by: primary)
        let candidates = component.signatures.filter { $0.mayBeIssued(by: primary.fingerprint) }
        for signature in Self.newestFirst(candidates.filter { bindings($0.type) })
        where check(signature, over: object, by: primary) {
            if signature.structuralDefect == nil {
                result.bindings.append(signature)
            } else {
                result.refused.append(signature)
            }
        }
        return result
    }

    private mutating func revocations(
        _ type: SignatureType, in component: ComponentSignatures, over object: SignedObject, by key: PublicKey
    ) -> [Signature] {
        let candidates = component.signatures.filter { $0.type == type && $0.mayBeIssued(by: key.fingerprint) }
        return Self.newestFirst(candidates).filter {
            $0.structuralDefect == nil && check($0, over: object, by: key)
        }
    }

    private mutating func backSignatures(
        in binding: Signature, of subkey: PublicKey, on primary: PublicKey
    ) -> [Signature] {
        guard subkey.algorithm.canSign else { return [] }
        // Whatever issuer it names: the key is known from where it stands.
        return binding.embeddedSignatures.filter {
            $0.type == .primaryKeyBinding && $0.structuralDefect == nil
                && check($0, over: .subkey(subkey, of: primary), by: subkey)
        }
    }

    private mutating func check(_ signature: Signature, over object: SignedObject, by key: PublicKey) -> Bool {
        budget.check(signature, over: object, by: key) ?? false
    }

    private static func newestFirst(_ signatures: [Signature]) -> [Signature] {
        // Of two from the same second the later in the data wins, in every implementation alike.
        signatures.reversed().sorted { ($0.creation?.seconds ?? .min) > ($1.creation?.seconds ?? .min) }
    }
}
