/// Overwrites buffers that held secret octets before they are given back.
enum Wipe {
    /// Sets all octets to zero, where the buffer is not shared.
    @inline(never)
    static func wipe(_ bytes: inout [UInt8]) {
        var span = bytes.mutableSpan
        for index in span.indices { span[index] = 0 }
    }
}
