#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Octets by name.
enum Octet {
    static let tab: UInt8 = 0x09
    static let lf: UInt8 = 0x0A
    static let cr: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let hyphen: UInt8 = 0x2D
    static let crlf: [UInt8] = [0x0D, 0x0A]

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab || byte == cr || byte == lf }

    /// ASCII letters to lower case, everything else as it is.
    static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}

extension Array where Element == UInt8 {
    /// Appends all octets of a span.
    mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Whether the octets at the start are those of `prefix`, whatever the case of ASCII letters.
    func hasPrefix(ignoringCase prefix: StaticString) -> Bool {
        count >= prefix.utf8CodeUnitCount
            && self.prefix(prefix.utf8CodeUnitCount).map(Octet.lower)
                .elementsEqual(String(describing: prefix).utf8)
    }
}

extension Array where Element == UInt8 {
    /// Two upper-case hexadecimal digits for each octet.
    var hex: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }.joined()
    }
}

extension ArraySlice where Element == UInt8 {
    /// Whether there is nothing but white space.
    var isBlank: Bool { allSatisfy(Octet.isBlank) }
}

extension Span where Element == UInt8 {
    /// The position of the first `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start >= 0, start < count else { return nil }
        return unsafe extracting(start..<count).withUnsafeBufferPointer { part -> Int? in
            guard let base = part.baseAddress, let hit = unsafe memchr(base, Int32(byte), part.count) else {
                return nil
            }
            return unsafe start + (UnsafeRawPointer(hit) - UnsafeRawPointer(base))
        }
    }
}
