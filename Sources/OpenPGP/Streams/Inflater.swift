import CZlib

/// Takes apart what zlib compressed.
@safe final class Inflater: Decompressor {
    private var stream = unsafe z_stream()
    private var isOpen = false
    private var hasEnded = false
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var growth = GrowthLimit()

    /// `zip` is raw deflate (RFC 1951), `zlib` has a header (RFC 1950). Throws `unsupportedAlgorithm` for others.
    init(_ algorithm: CompressionID) throws {
        let windowBits: Int32
        switch algorithm {
        case .zip: windowBits = -15
        case .zlib: windowBits = 15
        default: throw OpenPGPError(.unsupportedAlgorithm, "compression by \(algorithm) is not supported")
        }
        let status = unsafe inflateInit2_(
            &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw OpenPGPError(.limitExceeded, "zlib gives no stream: \(status)") }
        isOpen = true
    }

    deinit { if isOpen { unsafe inflateEnd(&stream) } }

    func push(_ input: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        guard !hasEnded, input.count > 0, input.count <= Int(UInt32.max) else { return }
        growth.take(input.count)
        try unsafe input.withUnsafeBufferPointer { bytes in
            unsafe stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
            unsafe stream.avail_in = UInt32(bytes.count)
            defer {
                unsafe stream.next_in = nil
                unsafe stream.avail_in = 0
            }
            repeat {
                var status = Z_OK
                let produced = unsafe buffer.withUnsafeMutableBufferPointer { output -> Int in
                    unsafe stream.next_out = output.baseAddress
                    unsafe stream.avail_out = UInt32(output.count)
                    status = unsafe inflate(&stream, Z_NO_FLUSH)
                    return unsafe output.count - Int(stream.avail_out)
                }
                try growth.give(produced)
                if produced > 0 { try sink(buffer.span.extracting(0..<produced)) }
                switch status {
                case Z_OK: break
                case Z_STREAM_END:
                    hasEnded = true
                    return
                case Z_BUF_ERROR: return
                default: throw OpenPGPError(.malformed, "compressed data is broken")
                }
                // A full buffer may hide more output.
                if unsafe stream.avail_in == 0 && stream.avail_out > 0 { return }
            } while true
        }
    }

    func finish() throws {
        guard hasEnded else { throw OpenPGPError(.truncated, "compressed data ends too early") }
    }
}
