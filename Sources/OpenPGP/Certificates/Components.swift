/// The signatures that stand behind a part of a certificate.
public struct ComponentSignatures: Sendable, Equatable {
    /// Readable signatures, by the key itself and by others, in their order, without duplicates.
    public internal(set) var signatures: [Signature] = []
    /// Bodies of signature packets that this library cannot read (other versions); kept, never judged.
    public internal(set) var opaque: [[UInt8]] = []

    /// Most signatures of others that are kept behind one part of a certificate: they are never used, and floods of
    /// them are an attack on everybody who stores keys.
    public static let maximumThirdParty = 250
    /// Most unreadable signatures kept behind one part.
    static let maximumOpaque = 50
    /// Most variants kept of one signature that differ only in what it does not cover.
    static let maximumVariants = 4

    /// Adds what is new, within the bounds.
    mutating func add(_ new: some Sequence<Signature>, primary: Fingerprint) {
        var known: [CoveredPart: [Int]] = [:]
        var thirdParty = 0
        for (index, signature) in signatures.enumerated() {
            known[CoveredPart(signature), default: []].append(index)
            if !signature.mayBeIssued(by: primary) { thirdParty += 1 }
        }
        for signature in new {
            let covered = CoveredPart(signature)
            let variants = known[covered] ?? []
            if variants.count >= Self.maximumVariants || variants.contains(where: { signatures[$0] == signature }) {
                continue
            }
            if !signature.mayBeIssued(by: primary) {
                guard thirdParty < Self.maximumThirdParty else { continue }
                thirdParty += 1
            }
            known[covered, default: []].append(signatures.count)
            signatures.append(signature)
        }
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
