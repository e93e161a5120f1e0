import Libcrypto

/// Whether armor ends in a checksum line (RFC 9580 section 6.1).
public enum ArmorChecksum: Sendable {
    /// Only behind data without base64 padding. RFC 9580 advises against checksums, but GnuPG 2.2 takes the dashes of
    /// the tail line for data where neither padding nor a checksum stands before them, and fails.
    case whereGnuPGNeedsIt
    case always
    case never
}

/// Armors data that arrives in pieces: header line and fields, lines of 64 characters, tail line
/// (RFC 9580 section 6). Output does not depend on how the data is cut into pieces.
public final class ArmorEncoder {
    private let kind: ArmorKind
    private let headers: [ArmorHeader]
    private let checksum: ArmorChecksum
    private var crc = CRC24()
    private var encoder: Base64.Encoder
    private let lineEnd: [UInt8]
    private var count = 0
    private var isOpen = false

    /// Makes an encoder.
    ///
    /// - Parameters:
    ///   - kind: what the header line announces.
    ///   - headers: fields below it; fields with line ends or other control characters are left out.
    ///   - checksum: whether to write a CRC-24 line.
    ///   - lineEnding: how every line ends.
    public init(
        kind: ArmorKind, headers: [ArmorHeader] = [], checksum: ArmorChecksum = .whereGnuPGNeedsIt,
        lineEnding: Base64.LineEnding = .lf
    ) {
        encoder = Base64.Encoder(lineLength: 64, lineEnding: lineEnding)
        lineEnd = lineEnding == .crlf ? [13, 10] : [10]
        self.kind = kind
        self.checksum = checksum
        self.headers = headers.filter { header in
            !header.name.isEmpty && !header.name.contains(":")
                && (header.name + header.value).unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    /// Adds data; whole lines go to `output` at once.
    public func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        open(&output)
        count += bytes.count
        if checksum != .never { crc.update(bytes) }
        encoder.push(bytes, into: &output)
    }

    /// Adds data; whole lines go to `output` at once.
    public func push(_ bytes: [UInt8], into output: inout [UInt8]) { push(bytes.span, into: &output) }

    /// Writes what is left and the tail line. The encoder must not be used afterwards.
    public func finish(into output: inout [UInt8]) {
        open(&output)
        encoder.finish(into: &output)
        if checksum == .always || checksum == .whereGnuPGNeedsIt && count % 3 == 0 {
            let octets = [16, 8, 0].map { (shift: UInt32) in UInt8(truncatingIfNeeded: crc.value >> shift) }
            output.append(UInt8(ascii: "="))
            Base64.encode(octets.span, lineLength: 0, into: &output)
            output.append(contentsOf: lineEnd)
        }
        output.append(contentsOf: "-----END \(kind.rawValue)-----".utf8)
        output.append(contentsOf: lineEnd)
    }

    private func open(_ output: inout [UInt8]) {
        guard !isOpen else { return }
        isOpen = true
        output.append(contentsOf: "-----BEGIN \(kind.rawValue)-----".utf8)
        output.append(contentsOf: lineEnd)
        for header in headers {
            output.append(contentsOf: "\(header.name): \(header.value)".utf8)
            output.append(contentsOf: lineEnd)
        }
        output.append(contentsOf: lineEnd)
    }
}
