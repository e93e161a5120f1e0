/// The signatures that stand behind a part of a certificate.
public struct ComponentSignatures: Sendable, Equatable {
    /// Readable signatures, by the key itself and by others, without duplicates, in canonical order: revocations, then
    /// the key's own, then those of others; each the oldest first.
    public internal(set) var signatures: [Signature] = []
    /// Bodies of signature packets that this library cannot read (other versions); kept, never judged.
    public internal(set) var opaque: [[UInt8]] = []

    /// Most signatures of others that are kept behind one part of a certificate: they are never used, and floods of
    /// them are an attack on everybody who stores keys.
    public static let maximumThirdParty = 250
    /// Most revocations of others, who may be designated revokers, that are kept behind one part.
    public static let maximumThirdPartyRevocations = 50
    /// Most unreadable signatures kept behind one part.
    static let maximumOpaque = 50
    /// Most signatures behind one part that may claim to be the key's own without proof.
    static let maximumUnchecked = 200
    /// Most variants kept of one signature that differ only in what it does not cover.
    static let maximumVariants = 4

    /// Adds what is new, within the bounds.
    mutating func add(_ new: some Sequence<Signature>, primary: Fingerprint) {
        var known: [CoveredPart: [Int]] = [:]
        var certifications = 0
        var revocations = 0
        for (index, signature) in signatures.enumerated() {
            known[CoveredPart(signature), default: []].append(index)
            guard !signature.mayBeIssued(by: primary) else { continue }
            if signature.type.isRevocation { revocations += 1 } else { certifications += 1 }
        }
        for signature in new {
            let covered = CoveredPart(signature)
            let variants = known[covered] ?? []
            if variants.count >= Self.maximumVariants || variants.contains(where: { signatures[$0] == signature }) {
                continue
            }
            if !signature.mayBeIssued(by: primary) {
                if signature.type.isRevocation {
                    guard revocations < Self.maximumThirdPartyRevocations else { continue }
                    revocations += 1
                } else {
                    guard certifications < Self.maximumThirdParty else { continue }
                    certifications += 1
                }
            }
            known[covered, default: []].append(signatures.count)
            signatures.append(signature)
        }
        sort(primary: primary)
    }

    private mutating func sort(primary: Fingerprint) {
        guard signatures.count > 1 else { return }
        let ranked = signatures.map { signature in
            let rank = signature.type.isRevocation ? 0 : signature.mayBeIssued(by: primary) ? 1 : 2
            return (rank: rank, creation: signature.creation?.seconds ?? .min, signature: signature)
        }
        signatures = ranked.sorted { a, b in
            if a.rank != b.rank { return a.rank < b.rank }
            if a.creation != b.creation { return a.creation < b.creation }
            return a.signature.serializedBody.lexicographicallyPrecedes(b.signature.serializedBody)
        }.map(\.signature)
    }

    /// Drops what claims to be the key's own and is not, where there is so much of it that somebody means harm.
    mutating func dropForgeries(over object: SignedObject, by primary: PublicKey) {
        let own = signatures.filter { $0.mayBeIssued(by: primary.fingerprint) }
        guard own.count > Self.maximumUnchecked else { return }
        var budget = VerificationBudget()
        var forged: Set<Signature> = []
        for signature in own {
            // Half a purge would depend on what was merged before.
            guard let isRight = budget.check(signature, over: object, by: primary) else { return }
            if !isRight { forged.insert(signature) }
        }
        signatures.removeAll { forged.contains($0) }
    }

    mutating func addOpaque(_ bodies: some Sequence<[UInt8]>) {
        for body in bodies where opaque.count < Self.maximumOpaque && !opaque.contains(body) { opaque.append(body) }
    }

    mutating func merge(_ other: ComponentSignatures, primary: Fingerprint) {
        add(other.signatures, primary: primary)
        addOpaque(other.opaque)
    }

    func serialize(into output: inout [UInt8]) {
        for signature in signatures { PacketWriter.write(.signature, body: signature.serializedBody, into: &output) }
        for body in opaque { PacketWriter.write(.signature, body: body, into: &output) }
    }

    private struct CoveredPart: Hashable {
        let trailer: [UInt8]
        let parameters: SignatureParameters

        init(_ signature: Signature) {
            trailer = signature.trailer
            parameters = signature.parameters
        }
    }
}

/// A user ID with its signatures.
public struct UserIDComponent: Sendable, Equatable {
    public let userID: UserID
    public internal(set) var signatures = ComponentSignatures()
}

/// A user attribute (a picture, by custom) with its signatures; kept, never shown.
public struct UserAttributeComponent: Sendable, Equatable {
    /// The packet's body.
    public let body: [UInt8]
    public internal(set) var signatures = ComponentSignatures()
}

/// A subkey with its signatures.
public struct SubkeyComponent: Sendable, Equatable {
    public let key: PublicKey
    public internal(set) var signatures = ComponentSignatures()
}

/// A part of a certificate that this library cannot read: a packet of unknown type, a subkey of another version. Kept
/// with the signatures behind it.
public struct UnknownComponent: Sendable, Equatable {
    public let tag: PacketTag
    /// The packet's body.
    public let body: [UInt8]
    /// Bodies of the signature packets behind it.
    public internal(set) var signatures: [[UInt8]] = []

    mutating func add(_ bodies: some Sequence<[UInt8]>) {
        for body in bodies where signatures.count < ComponentSignatures.maximumOpaque && !signatures.contains(body) {
            signatures.append(body)
        }
    }
}
