import Libcrypto

/// What an armor header line announces (RFC 9580 section 6.2).
public struct ArmorKind: RawRepresentable, Hashable, Sendable {
    /// The text after `-----BEGIN `, such as `PGP MESSAGE`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let message = Self(rawValue: "PGP MESSAGE")
    public static let publicKey = Self(rawValue: "PGP PUBLIC KEY BLOCK")
    public static let privateKey = Self(rawValue: "PGP PRIVATE KEY BLOCK")
    public static let signature = Self(rawValue: "PGP SIGNATURE")
    /// The start of a cleartext-signed text; no base64 follows it.
    public static let signedMessage = Self(rawValue: "PGP SIGNED MESSAGE")
}

/// One armor header field, such as `Comment: text`.
public struct ArmorHeader: Hashable, Sendable {
    public let name: String
    public let value: String

    /// Makes a field. Line ends in either text are refused by the encoder.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One armored object, decoded.
public struct ArmorBlock: Sendable {
    /// What the header line said.
    public let kind: ArmorKind
    /// Fields between header line and data; a field without a value has an empty one.
    public let headers: [ArmorHeader]
    /// The decoded octets.
    public var bytes: [UInt8]
    /// The number that the checksum line said; nil where there was none or it was not readable.
    public let checksum: UInt32?

    /// Whether the checksum line, if there is one, fits the data. RFC 9580 section 6.1 forbids to reject data because
    /// of it, so that nothing here does; the packets inside protect themselves.
    public var checksumIsRight: Bool { checksum.map { $0 == CRC24.checksum(bytes) } ?? true }
}
