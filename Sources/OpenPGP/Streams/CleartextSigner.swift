import Libcrypto

/// The cleartext signature framework (RFC 9580 section 7): readable text around which the signature stands.
public enum CleartextSignature {
    /// Signs `text` as ``CleartextSigner`` does.
    public static func sign(
        _ text: [UInt8], keys: [SigningKey], lineEnding: Base64.LineEnding = .lf, time: Timestamp
    ) throws -> [UInt8] {
        let signer = try CleartextSigner(keys: keys, lineEnding: lineEnding, time: time)
        var output: [UInt8] = []
        signer.push(text.span, into: &output)
        try signer.finish(into: &output)
        return output
    }
}

/// Signs a text in the cleartext framework as it streams (RFC 9580 section 7). Line ends become those asked for, lines that
/// start with a dash are escaped; blanks at line ends stay in the text but are not covered. Memory grows with the longest
/// run of blanks, not with the text.
public final class CleartextSigner {
    private static let dash = UInt8(ascii: "-")
    private static let lf = UInt8(ascii: "\n")
    private static let cr = UInt8(ascii: "\r")

    private let signers: [DataSigner]
    private let content: ContentDigest
    private let lineEnding: Base64.LineEnding
    private let lineEnd: [UInt8]
    private var covered = CoveredText()
    /// What must stand before the text.
    private var opening: [UInt8]
    private var isEmpty = true
    private var isAtLineStart = true
    /// A CR that belongs to the line end if one follows.
    private var holdsCR = false

    /// Throws if there is no key or one cannot sign.
    public init(keys: [SigningKey], lineEnding: Base64.LineEnding = .lf, time: Timestamp) throws {
        let signers = try keys.map { try DataSigner(key: $0, mode: .text, time: time) }
        guard !signers.isEmpty else { throw OpenPGPError(.invalidArgument, "no key to sign with") }
        content = try ContentDigest(Set(signers.map(\.hashing)), mode: .text)
        lineEnd = lineEnding == .crlf ? [Self.cr, Self.lf] : [Self.lf]
        opening = Array("-----BEGIN PGP SIGNED MESSAGE-----".utf8) + lineEnd
        // Readers of version 6 signatures take the hash from the packet (section 7).
        let hashes = Set(signers.filter { $0.key.publicKey.version != 6 }.map(\.hashing.hash))
        for hash in hashes.sorted(by: { $0.rawValue < $1.rawValue }) {
            opening += Array("Hash: \(hash)".utf8) + lineEnd
        }
        opening += lineEnd
        self.signers = signers
        self.lineEnding = lineEnding
    }

    /// Takes a piece of the text of any size; appends what is ready of the result.
    public func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        open(into: &output)
        covered.push(bytes) { content.push($0) }
        var start = 0
        while start < bytes.count {
            isEmpty = false
            if isAtLineStart, bytes[start] == Self.dash { output += [Self.dash, UInt8(ascii: " ")] }
            var end = start
            while end < bytes.count, bytes[end] != Self.lf { end += 1 }
            let isWhole = end < bytes.count
            if holdsCR, end > start || !isWhole { output.append(Self.cr) }
            let endsInCR = end > start && bytes[end - 1] == Self.cr
            output.append(bytes.extracting(start..<end - (endsInCR ? 1 : 0)))
            holdsCR = endsInCR && !isWhole
            isAtLineStart = isWhole
            if isWhole { output += lineEnd }
            start = end + 1
        }
    }

    /// Appends the rest and the signatures. Nothing may be pushed after it.
    public func finish(into output: inout [UInt8]) throws {
        open(into: &output)
        // What follows must start a line; a last line end of the text does not start another line.
        if isEmpty || !isAtLineStart { output += lineEnd }
        var packets: [UInt8] = []
        for signer in signers { packets += try signer.packet(over: content) }
        let armor = ArmorEncoder(kind: .signature, lineEnding: lineEnding)
        armor.push(packets.span, into: &output)
        armor.finish(into: &output)
    }

    private func open(into output: inout [UInt8]) {
        output += opening
        opening = []
    }
}
