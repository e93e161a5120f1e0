import Libcrypto

/// The cleartext signature framework (RFC 9580 section 7): readable text around which the signature stands.
public enum CleartextSignature {
    private static let dash = UInt8(ascii: "-")
    private static let lf = UInt8(ascii: "\n")

    /// Signs `text`. Line ends become `lineEnding`, lines that start with a dash are escaped; blanks at line ends stay in the
    /// text but are not covered. Throws if a key cannot sign.
    public static func sign(
        _ text: [UInt8], keys: [SigningKey], lineEnding: Base64.LineEnding = .lf, time: Timestamp
    ) throws -> [UInt8] {
        let signers = try keys.map { try DataSigner(key: $0, mode: .text, time: time) }
        guard !signers.isEmpty else { throw OpenPGPError(.invalidArgument, "no key to sign with") }
        let content = try ContentDigest(Set(signers.map(\.hashing)), mode: .binary)
        // Readers of version 6 signatures take the hash from the packet (section 7).
        let hashes = Set(signers.filter { $0.key.publicKey.version != 6 }.map(\.hashing.hash))
        let end: [UInt8] = lineEnding == .crlf ? [13, 10] : [10]
        var output = Array("-----BEGIN PGP SIGNED MESSAGE-----".utf8) + end
        for hash in hashes.sorted(by: { $0.rawValue < $1.rawValue }) { output += Array("Hash: \(hash)".utf8) + end }
        output += end
        var isFirst = true
        for line in lines(of: text) {
            // The line end before the signature is not covered, so CR LF goes between lines, not after each.
            if !isFirst { content.push([13, 10].span) }
            isFirst = false
            content.push(Array(covered(line)).span)
            if line.first == dash { output += [dash, UInt8(ascii: " ")] }
            output += line
            output += end
        }
        var packets: [UInt8] = []
        for signer in signers { packets += try signer.packet(over: content) }
        let armor = ArmorEncoder(kind: .signature, lineEnding: lineEnding)
        armor.push(packets.span, into: &output)
        armor.finish(into: &output)
        return output
    }

    /// The lines without their ends; a final line end does not start another line.
    static func lines(of text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines = text.split(separator: lf, omittingEmptySubsequences: false)
        if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.last == 13 ? $0.dropLast() : $0 }
    }

    /// What the signature covers of a line: all but trailing blanks (section 7.1 and 7.2).
    static func covered(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = line.endIndex
        while end > line.startIndex, [32, 9, 13].contains(line[end - 1]) { end -= 1 }
        return line[line.startIndex..<end]
    }
}
