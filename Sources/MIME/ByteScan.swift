#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Span where Element == UInt8 {
    /// The position of the first `byte` in `range`, found by the C library's vector code.
    ///
    /// - Precondition: `range` lies within the span.
    @inline(__always)
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        return unsafe extracting(range).withUnsafeBufferPointer { part -> Int? in
            guard let base = part.baseAddress, let hit = unsafe memchr(base, Int32(byte), part.count) else {
                return nil
            }
            return unsafe range.lowerBound + (UnsafeRawPointer(hit) - UnsafeRawPointer(base))
        }
    }
}

extension Array where Element == UInt8 {
    /// Appends all octets of a span.
    @inline(__always)
    mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

/// Octets by the names the grammars use.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lf: UInt8 = 0x0A
    static let cr: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let percent: UInt8 = 0x25
    static let apostrophe: UInt8 = 0x27
    static let open: UInt8 = 0x28
    static let close: UInt8 = 0x29
    static let asterisk: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let hyphen: UInt8 = 0x2D
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let less: UInt8 = 0x3C
    static let equals: UInt8 = 0x3D
    static let greater: UInt8 = 0x3E
    static let question: UInt8 = 0x3F
    static let at: UInt8 = 0x40
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let underscore: UInt8 = 0x5F
    static let delete: UInt8 = 0x7F
    static let crlf: [UInt8] = [0x0D, 0x0A]

    @inline(__always) static func isWSP(_ byte: UInt8) -> Bool { byte == space || byte == tab }
    /// Space, tab and the line ends.
    @inline(__always) static func isFWS(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == cr || byte == lf
    }
    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    @inline(__always) static func isAlpha(_ byte: UInt8) -> Bool {
        let folded = byte | 0x20
        return folded >= 0x61 && folded <= 0x7A
    }
    @inline(__always) static func lower(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
    static func lower(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.map { lower($0) } }
    /// The value of a hexadecimal digit of either case.
    @inline(__always) static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
    static let hexDigits: [UInt8] = Array("0123456789ABCDEF".utf8)
    @inline(__always) static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x37 + (value & 0x0F)
    }

    /// Equal but for the case of ASCII letters.
    static func equalIgnoringCase(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        var first = left.makeIterator()
        var second = right.makeIterator()
        while true {
            switch (first.next(), second.next()) {
            case (nil, nil): return true
            case (let one?, let two?): if lower(one) != lower(two) { return false }
            default: return false
            }
        }
    }

    /// Without white space and line ends at both ends.
    static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let first = slice.first, isFWS(first) { slice = slice.dropFirst() }
        while let last = slice.last, isFWS(last) { slice = slice.dropLast() }
        return slice
    }
    static func trim(_ bytes: [UInt8]) -> [UInt8] { Array(trim(bytes[...])) }
}
