/// Takes apart compressed data (RFC 9580 section 5.6) as it streams.
protocol Decompressor: AnyObject {
    /// Hands pieces of the content to `sink`. Octets after the end of the compressed stream are dropped, as others do.
    /// Throws `malformed`, or `limitExceeded` where the content is out of proportion.
    func push(_ input: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws

    /// Throws `truncated` where the compressed stream has no end.
    func finish() throws
}

extension CompressionID {
    /// Throws `unsupportedAlgorithm` for others than ZIP, ZLIB and BZip2.
    func decompressor() throws -> any Decompressor {
        switch self {
        case .zip, .zlib: try Inflater(self)
        case .bzip2: try BZip2Inflater()
        default: throw OpenPGPError(.unsupportedAlgorithm, "compression by \(self) is not supported")
        }
    }
}

/// Holds compressed data to what honest writers make.
struct GrowthLimit {
    /// Nothing that people send shrinks to a two-hundredth; below this many octets it does no harm.
    private static let maximumRatio = 200
    private static let harmless = 32 << 20

    private var taken = 0
    private var given = 0

    mutating func take(_ count: Int) { taken += count }

    /// Throws `limitExceeded`.
    mutating func give(_ count: Int) throws {
        given += count
        guard given <= Self.harmless || given / Self.maximumRatio <= taken else {
            throw OpenPGPError(.limitExceeded, "compressed data grows more than \(Self.maximumRatio) times")
        }
    }
}
