/// What a signature says (RFC 9580 section 5.2.1). Unknown values are kept.
public struct SignatureType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let binary = Self(rawValue: 0x00)
    public static let text = Self(rawValue: 0x01)
    public static let standalone = Self(rawValue: 0x02)
    public static let genericCertification = Self(rawValue: 0x10)
    public static let personaCertification = Self(rawValue: 0x11)
    public static let casualCertification = Self(rawValue: 0x12)
    public static let positiveCertification = Self(rawValue: 0x13)
    public static let subkeyBinding = Self(rawValue: 0x18)
    public static let primaryKeyBinding = Self(rawValue: 0x19)
    public static let directKey = Self(rawValue: 0x1F)
    public static let keyRevocation = Self(rawValue: 0x20)
    public static let subkeyRevocation = Self(rawValue: 0x28)
    public static let certificationRevocation = Self(rawValue: 0x30)
    public static let timestamp = Self(rawValue: 0x40)
    public static let thirdPartyConfirmation = Self(rawValue: 0x50)

    /// Any of the four certifications of a user ID or user attribute.
    public var isCertification: Bool { (0x10...0x13).contains(rawValue) }
    /// A key, subkey or certification revocation.
    public var isRevocation: Bool {
        self == .keyRevocation || self == .subkeyRevocation || self == .certificationRevocation
    }
    /// A signature over a document, as mail carries it.
    public var isDocument: Bool { self == .binary || self == .text }

    public var description: String { "signature type 0x" + Hex.encode([rawValue]) }
}
