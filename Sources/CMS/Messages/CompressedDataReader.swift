import CZlib

/// Reads CompressedData (RFC 3274) through zlib.
public struct CompressedDataReader: Sendable {
    /// What the content is by its type.
    public let contentKind: CMSContent.Kind
    public let findings: Set<CMSFinding>
    private let compressed: OctetPieces
    private let maximum: Int

    /// Throws `unexpectedData` for other content, `malformed`, `unsupported` for another algorithm.
    public init(_ message: CMSContent) throws {
        let body = try message.body(.compressed)
        var reader = BERReader(message.bytes, body.content, depth: BERReader.maximumDepth)
        _ = try reader.smallInteger("version of CompressedData")
        let algorithm = try AlgorithmIdentifier(&reader, "compression")
        guard algorithm.id == .zlib else { throw CMSError(.unsupported, "compression \(algorithm.id)") }
        var encapsulated = try reader.inside(reader.next(0x30, "compressed content"))
        let type = try encapsulated.objectID("content type")
        var inside = try encapsulated.inside(encapsulated.next(0xa0, "compressed content"))
        let octets = try inside.next()
        guard octets.tag & 0xdf == 0x04 else { throw CMSError(.malformed, "the compressed content is no OCTET STRING") }
        compressed = try OctetPieces(message.bytes, octets)
        try reader.expectEnd("CompressedData")
        maximum = message.policy.maximumExpandedSize
        contentKind = CMSContent.kind(of: type)
        findings = Set(message.findings).union(contentKind == .data ? [] : [.nested(contentKind)])
    }

    /// Hands out the content in pieces.
    ///
    /// Throws `limitExceeded` once it grows beyond `CMSPolicy.maximumExpandedSize`, and `malformed`; what came out before
    /// that counts for nothing.
    public func expand(into sink: CMSSink) throws {
        let inflater = try Inflater(maximum: maximum)
        try compressed.forEach { try inflater.push($0, into: sink) }
        try inflater.finish()
    }

    /// The content in one array.
    public func content() throws -> [UInt8] {
        var all: [UInt8] = []
        try expand { piece in piece.withUnsafeBufferPointer { all.append(contentsOf: $0) } }
        return all
    }

    private final class Inflater {
        private var stream = z_stream()
        private var work = [UInt8](repeating: 0, count: 32 << 10)
        private let maximum: Int
        private var total = 0
        private var isAtEnd = false

        init(maximum: Int) throws {
            self.maximum = maximum
            guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                throw CMSError(.internalFailure, "zlib gives no stream")
            }
        }

        deinit { inflateEnd(&stream) }

        func push(_ bytes: Span<UInt8>, into sink: CMSSink) throws {
            try bytes.withUnsafeBufferPointer { input in
                guard !isAtEnd, let base = input.baseAddress else { return }
                stream.next_in = UnsafeMutablePointer(mutating: base)
                stream.avail_in = UInt32(clamping: input.count)
                while !isAtEnd {
                    var status = Z_OK
                    var count = 0
                    work.withUnsafeMutableBufferPointer { output in
                        stream.next_out = output.baseAddress
                        stream.avail_out = UInt32(output.count)
                        status = inflate(&stream, Z_NO_FLUSH)
                        count = output.count - Int(stream.avail_out)
                    }
                    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                        throw CMSError(.malformed, "the compressed content is damaged")
                    }
                    total += count
                    guard total <= maximum else {
                        throw CMSError(.limitExceeded, "compressed content above \(maximum) octets")
                    }
                    if count > 0 {
                        let ready = work
                        let span = ready.span
                        try sink(span.extracting(0..<count))
                    }
                    isAtEnd = status == Z_STREAM_END
                    if stream.avail_in == 0, count < work.count { break }
                    if status == Z_BUF_ERROR, count == 0 { break }
                }
            }
        }

        func finish() throws {
            guard isAtEnd else { throw CMSError(.malformed, "the compressed content is cut off") }
        }
    }
}
