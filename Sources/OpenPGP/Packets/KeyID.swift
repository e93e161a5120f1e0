/// The eight octets that name a key in packets (RFC 9580 section 5.5.4). Not unique: collisions are public.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    /// The identifier as a number, first octet most significant.
    public let value: UInt64

    /// Makes a key ID of its number.
    public init(_ value: UInt64) { self.value = value }

    /// The all-zero key ID of a hidden recipient (RFC 9580 section 5.1.8).
    public static let wildcard = KeyID(0)

    /// Whether this names no key: a hidden recipient.
    public var isWildcard: Bool { value == 0 }

    /// Sixteen upper-case hexadecimal digits.
    public var hex: String { Hex.encode(bytes) }

    /// The eight octets, as packets carry them.
    public var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) } }

    public var description: String { hex }
}
