import Libcrypto

/// Signs a message as it streams, without encrypting it: one-pass signatures, a literal packet, the signatures
/// (RFC 9580 section 10.3). Memory does not grow with the message.
public final class MessageSigner {
    private let signers: [DataSigner]
    private let content: ContentDigest
    private let armor: ArmorEncoder?
    private var literal = PartialBodyWriter(.literalData)
    /// What must stand before the literal packet.
    private var opening: [UInt8]

    /// Signatures by every key of `keys`, dated `time`.
    public init(keys: [SigningKey], mode: SignatureMode = .binary, armor: Bool = true, time: Timestamp) throws {
        guard !keys.isEmpty else { throw OpenPGPError(.invalidArgument, "no key to sign with") }
        let signers = try keys.map { try DataSigner(key: $0, mode: mode, time: time) }
        var announcements: [UInt8] = []
        for signer in signers.reversed() {
            announcements += signer.onePassPacket(isLast: signer.key === signers.first?.key)
        }
        content = try ContentDigest(Set(signers.map(\.hashing)), mode: mode)
        self.signers = signers
        self.armor = armor ? ArmorEncoder(kind: .message) : nil
        opening = announcements
        // Format, no file name, no date.
        let format = mode == .text ? UInt8(ascii: "u") : UInt8(ascii: "b")
        let header: [UInt8] = [format, 0, 0, 0, 0, 0]
        literal.push(header.span) { _ in }  // too short to fill a chunk
    }

    /// Takes a piece of the message of any size; appends what is ready of the result.
    public func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        open(into: &output)
        content.push(bytes)
        literal.push(bytes) { emit($0, into: &output) }
    }

    /// Appends the rest. Nothing may be pushed after it.
    public func finish(into output: inout [UInt8]) throws {
        open(into: &output)
        literal.finish { emit($0, into: &output) }
        for signer in signers {
            let packet = try signer.packet(over: content)
            emit(packet.span, into: &output)
        }
        armor?.finish(into: &output)
    }

    private func open(into output: inout [UInt8]) {
        guard !opening.isEmpty else { return }
        emit(opening.span, into: &output)
        opening = []
    }

    private func emit(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        if let armor {
            armor.push(bytes, into: &output)
        } else {
            output.append(bytes)
        }
    }
}
