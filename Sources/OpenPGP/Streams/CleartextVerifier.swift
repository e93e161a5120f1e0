import Libcrypto

/// A cleartext-signed text found in a larger one.
public struct CleartextVerification: Sendable {
    /// Where the whole block stands, from its first dash to the end of its last line: what lies outside is not signed.
    public let range: Range<Int>
    /// The text that is signed, without dash escapes, line ends as received.
    public let text: [UInt8]
    public let signatures: [SignatureResult]

    /// The text as far as the signatures cover it: without blanks at the ends of lines and without the last line end. A
    /// detached signature of type text over it is worth the same.
    public var coveredText: [UInt8] {
        var result: [UInt8] = []
        for (index, line) in text.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if index > 0 { result.append(10) }
            result += CleartextSignature.covered(line)
            if line.last == 13 { result.append(13) }
        }
        if result.last == 10 { result.removeLast() }
        if result.last == 13 { result.removeLast() }
        return result
    }
}

extension CleartextSignature {
    private static let begin = "-----BEGIN PGP SIGNED MESSAGE-----"
    private static let signature = "-----BEGIN PGP SIGNATURE-----"
    private static let end = "-----END PGP SIGNATURE-----"

    /// Verifies the first cleartext-signed block in `bytes` (RFC 9580 section 7); nil if there is none.
    ///
    /// - Throws: `malformed` where a block begins and breaks the framework: header fields other than `Hash` (and the
    ///   harmless `Charset`), lines with an unescaped dash, no signature, no end.
    public static func verify(
        _ bytes: [UInt8], from start: Int = 0, time: Timestamp, policy: AlgorithmPolicy = .standard,
        certificates: @escaping CertificateLookup
    ) throws -> CleartextVerification? {
        var lines = LineCursor(bytes, from: start)
        var blockStart = 0
        repeat {
            guard let line = lines.next() else { return nil }
            blockStart = line.startIndex
            if covered(line).elementsEqual(begin.utf8) { break }
        } while true
        try readHeader(&lines)
        var textParts: [UInt8] = []
        var content: [ArraySlice<UInt8>] = []
        while true {
            guard let line = lines.next() else {
                throw OpenPGPError(.truncated, "the cleartext-signed block has no signature", offset: blockStart)
            }
            var body = line
            if line.first == UInt8(ascii: "-") {
                if covered(line).elementsEqual(signature.utf8) { break }
                guard line.dropFirst().first == UInt8(ascii: " ") else {
                    throw OpenPGPError(
                        .malformed, "a line of signed text begins with a dash that is not escaped",
                        offset: line.startIndex)
                }
                body = line.dropFirst(2)
            }
            textParts += body + bytes[line.endIndex..<lines.position]
            content.append(covered(body))
        }
        let armorStart = lines.lineStart
        while true {
            guard let line = lines.next() else {
                throw OpenPGPError(.truncated, "the signature of the signed text has no end", offset: armorStart)
            }
            if covered(line).elementsEqual(end.utf8) { break }
        }
        let armor = Array(bytes[armorStart..<lines.position])
        let results = try judge(content, armor, time, policy, certificates)
        return CleartextVerification(range: blockStart..<lines.position, text: textParts, signatures: results)
    }

    private static func readHeader(_ lines: inout LineCursor) throws {
        while let line = lines.next() {
            let field = String(decoding: covered(line), as: UTF8.self)
            if field.isEmpty { return }
            let name = field.prefix { $0 != ":" }.lowercased()
            // Anything else would be unsigned text that looks like part of the block.
            guard name == "hash" || name == "charset", field.utf8.count <= 200 else {
                throw OpenPGPError(
                    .malformed, "a cleartext-signed block has a header field that is not Hash", offset: line.startIndex)
            }
        }
        throw OpenPGPError(.truncated, "the cleartext-signed block ends in its header")
    }

    private static func judge(
        _ lines: [ArraySlice<UInt8>], _ armor: [UInt8], _ time: Timestamp, _ policy: AlgorithmPolicy,
        _ certificates: @escaping CertificateLookup
    ) throws -> [SignatureResult] {
        let verifier = try DetachedVerifier(canonicalHashes: Set(try DetachedVerifier.hashes(of: armor)))
        let lineEnd: [UInt8] = [13, 10]
        for (index, line) in lines.enumerated() {
            if index > 0 { verifier.push(lineEnd) }
            verifier.push(line.span)
        }
        return try verifier.finish(signatures: armor, time: time, policy: policy, certificates: certificates)
    }
}

/// Walks over lines, which end in LF, without their ends.
private struct LineCursor {
    let bytes: [UInt8]
    private(set) var position: Int
    private(set) var lineStart: Int

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        position = min(max(0, start), bytes.count)
        lineStart = position
    }

    /// The next line without CR LF or LF; nil at the end.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        lineStart = position
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        position = min(end + 1, bytes.count)
        let line = bytes[lineStart..<end]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
