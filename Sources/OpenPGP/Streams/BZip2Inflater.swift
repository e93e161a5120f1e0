import CBzip2

/// Takes apart what bzip2 compressed; its memory is below 4 MiB.
@safe final class BZip2Inflater: Decompressor {
    private var stream = unsafe bz_stream()
    private var isOpen = false
    private var hasEnded = false
    private var buffer = [CChar](repeating: 0, count: 1 << 16)
    private var growth = GrowthLimit()

    init() throws {
        let status = unsafe BZ2_bzDecompressInit(&stream, 0, 0)
        guard status == BZ_OK else { throw OpenPGPError(.limitExceeded, "bzip2 gives no stream: \(status)") }
        isOpen = true
    }

    deinit { if isOpen { unsafe BZ2_bzDecompressEnd(&stream) } }

    func push(_ input: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        guard !hasEnded, input.count > 0, input.count <= Int(UInt32.max) else { return }
        growth.take(input.count)
        try unsafe input.withUnsafeBytes { bytes in
            unsafe stream.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: CChar.self).baseAddress)
            unsafe stream.avail_in = UInt32(bytes.count)
            defer {
                unsafe stream.next_in = nil
                unsafe stream.avail_in = 0
            }
            repeat {
                var status = BZ_OK
                let produced = unsafe buffer.withUnsafeMutableBufferPointer { output -> Int in
                    unsafe stream.next_out = output.baseAddress
                    unsafe stream.avail_out = UInt32(output.count)
                    status = unsafe BZ2_bzDecompress(&stream)
                    return unsafe output.count - Int(stream.avail_out)
                }
                try growth.give(produced)
                if produced > 0 {
                    try unsafe buffer.withUnsafeBytes { output in
                        try unsafe sink(output.bindMemory(to: UInt8.self).span.extracting(0..<produced))
                    }
                }
                switch status {
                case BZ_OK: break
                case BZ_STREAM_END:
                    hasEnded = true
                    return
                case BZ_MEM_ERROR: throw OpenPGPError(.limitExceeded, "no memory for bzip2")
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
