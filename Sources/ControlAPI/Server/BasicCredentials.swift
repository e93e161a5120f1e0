import FoundationEssentials
import Libcrypto

/// Names and secrets of HTTP Basic (RFC 7617), the secrets as SHA-256: they are generated and have 256 bits, so a slow
/// hash would only cost time.
public struct BasicCredentials: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let name: [UInt8]
        let digest: [UInt8]
    }

    private var entries: [Entry] = []

    public init() {}

    /// Reads a file.
    /// - Throws: `ControlError` with code `badCredentials`.
    public init(file path: String) throws(ControlError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ControlError(.badCredentials, "the credentials \(path) cannot be read")
        }
        let (credentials, badLine) = Self.parse(text)
        if let badLine {
            throw ControlError(
                .badCredentials,
                "\(path):\(badLine): this is no line \"name:digest\" as guardctl credential create makes them")
        }
        self = credentials
    }

    /// Reads a text: one `name:digest` a line, the digest as 64 hexadecimal digits; `#` begins a comment.
    /// - Returns: nil where a line is neither, and its number.
    public static func parse(_ text: String) -> (credentials: BasicCredentials, badLine: Int?) {
        var result = BasicCredentials()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let colon = line.lastIndex(of: ":"), colon > line.startIndex,
                let digest = hexadecimal(line[line.index(after: colon)...]), digest.count == 32
            else { return (result, index + 1) }
            result.entries.append(Entry(name: Array(line[..<colon].utf8), digest: digest))
        }
        return (result, nil)
    }

    /// A new secret, and the line that goes into the file.
    /// - Throws: `LibcryptoError`.
    public static func generate(name: String) throws -> (secret: String, line: String) {
        let octets = try SecureRandom.bytes(32)
        var base64: [UInt8] = []
        Base64.encode(octets.span, lineLength: 0, into: &base64)
        let secret = String(decoding: base64, as: UTF8.self).replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        let digest = try Digest.hash(.sha256, Array(secret.utf8))
        return (
            secret, "\(name):" + digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
        )
    }

    /// The name that an Authorization field proves; nil where it proves none. Takes the same steps whichever entry fits.
    func name(authorization field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let decoded = Self.base64(parts[1].trimmed.utf8), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let digest = try? Digest.hash(.sha256, Array(decoded[(colon + 1)...]))
        else { return nil }
        var found: [UInt8]?
        for entry in entries {
            let isName = constantTimeEqual(entry.name, Array(decoded[..<colon]))
            let isSecret = constantTimeEqual(entry.digest, digest)
            if isName && isSecret { found = entry.name }
        }
        return found.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func hexadecimal(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8 {
            guard let digit = byte.hexadecimalDigit else { return nil }
            if let first = high {
                octets.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? octets : nil
    }

    private static func base64(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
            bits &= 0xFFFF
        }
        return octets
    }
}

extension StringProtocol {
    /// Without blanks at either end.
    var trimmed: SubSequence {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
