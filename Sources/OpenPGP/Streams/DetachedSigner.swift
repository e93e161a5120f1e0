import Libcrypto

/// Signs content as it streams and gives the signatures apart from it (RFC 9580 section 10.4).
public final class DetachedSigner {
    private let signers: [DataSigner]
    private let content: ContentDigest

    /// The hash of every signature where all use the same one, as `micalg` of RFC 3156 wants it.
    public var hash: HashID? { Set(signers.map(\.hashing.hash)).count == 1 ? signers.first?.hashing.hash : nil }

    /// Signatures by every key of `keys`, dated `time`. Without `hash` each key's own choice is taken.
    public init(
        keys: [SigningKey], hash: HashID? = nil, mode: SignatureMode = .binary, time: Timestamp
    ) throws {
        guard !keys.isEmpty else { throw OpenPGPError(.invalidArgument, "no key to sign with") }
        signers = try keys.map { try DataSigner(key: $0, mode: mode, hash: hash, time: time) }
        content = try ContentDigest(Set(signers.map(\.hashing)), mode: mode)
    }

    public func push(_ bytes: Span<UInt8>) { content.push(bytes) }

    public func push(_ bytes: [UInt8]) { content.push(bytes.span) }

    /// The signature packets, armored with lines that end in `lineEnding` or as they are.
    public func finish(armor: Bool = true, lineEnding: Base64.LineEnding = .lf) throws -> [UInt8] {
        var packets: [UInt8] = []
        for signer in signers { packets += try signer.packet(over: content) }
        guard armor else { return packets }
        let encoder = ArmorEncoder(kind: .signature, lineEnding: lineEnding)
        var output: [UInt8] = []
        encoder.push(packets.span, into: &output)
        encoder.finish(into: &output)
        return output
    }
}
