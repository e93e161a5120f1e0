/// The IP address of a client.
public struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 octets (IPv4) or 16 (IPv6), in network order. An IPv4 address mapped into IPv6 (`::ffff:0:0/96`) is held as
    /// IPv4, so that it matches the networks an administrator wrote.
    public let bytes: [UInt8]

    /// From octets in network order; nil for any other count than 4 or 16.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16:
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes.dropFirst(10).prefix(2) == [0xFF, 0xFF]
            self.bytes = isMapped ? Array(bytes.suffix(4)) : bytes
        default: return nil
        }
    }

    /// From text: dotted quad or RFC 4291, section 2.2; brackets and an `IPv6:` prefix are allowed.
    public init?(_ text: String) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if text.lowercased().hasPrefix("ipv6:") { text = text.dropFirst(5) }
        guard let bytes = text.contains(":") ? ClientAddress.parse6(text) : ClientAddress.parse4(text) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    /// Whether it is an address of the machine itself (127.0.0.0/8, ::1).
    public var isLoopback: Bool {
        bytes.count == 4 ? bytes.first == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    static func parse4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let value = UInt8(part)
            else { return nil }
            bytes.append(value)
        }
        return bytes
    }

    private static func parse6(_ text: Substring) -> [UInt8]? {
        var halves: [[UInt8]] = []
        let pieces = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count <= 2 else { return nil }
        for (number, piece) in pieces.enumerated() {
            var half: [UInt8] = []
            let groups = piece.isEmpty ? [] : piece.split(separator: ":", omittingEmptySubsequences: false)
            for (index, group) in groups.enumerated() {
                if group.contains(".") {
                    guard number == pieces.count - 1, index == groups.count - 1, let quad = parse4(group) else {
                        return nil
                    }
                    half += quad
                } else {
                    guard (1...4).contains(group.utf8.count),
                        group.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                        let value = UInt16(group, radix: 16)
                    else { return nil }
                    half += [UInt8(value >> 8), UInt8(value & 0xFF)]
                }
            }
            halves.append(half)
        }
        guard let first = halves.first else { return nil }
        guard halves.count == 2, let last = halves.last else { return first.count == 16 ? first : nil }
        let gap = 16 - first.count - last.count
        guard gap >= 2 else { return nil }
        return first + [UInt8](repeating: 0, count: gap) + last
    }

    public var description: String {
        guard bytes.count == 16 else { return bytes.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { index in
            String(bytes.dropFirst(index).prefix(2).reduce(0) { $0 << 8 | Int($1) }, radix: 16)
        }.joined(separator: ":")
    }
}
