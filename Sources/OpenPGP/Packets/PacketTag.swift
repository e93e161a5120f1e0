/// Packet type identifier (RFC 9580 section 5). Unknown values are kept.
public struct PacketTag: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let publicKeyEncryptedSessionKey = Self(rawValue: 1)
    public static let signature = Self(rawValue: 2)
    public static let symmetricKeyEncryptedSessionKey = Self(rawValue: 3)
    public static let onePassSignature = Self(rawValue: 4)
    public static let secretKey = Self(rawValue: 5)
    public static let publicKey = Self(rawValue: 6)
    public static let secretSubkey = Self(rawValue: 7)
    public static let compressedData = Self(rawValue: 8)
    public static let symmetricallyEncryptedData = Self(rawValue: 9)
    public static let marker = Self(rawValue: 10)
    public static let literalData = Self(rawValue: 11)
    public static let trust = Self(rawValue: 12)
    public static let userID = Self(rawValue: 13)
    public static let publicSubkey = Self(rawValue: 14)
    public static let userAttribute = Self(rawValue: 17)
    public static let symmetricallyEncryptedIntegrityProtectedData = Self(rawValue: 18)
    /// The integrity digest at the end of protected data (SEIPDv1).
    public static let modificationDetectionCode = Self(rawValue: 19)
    /// GnuPG's own OCB packet.
    public static let gnupgAEADData = Self(rawValue: 20)
    public static let padding = Self(rawValue: 21)

    /// Whether an unknown packet of this type must make a reader give up (RFC 9580 section 4.3: 0 to 39).
    public var isCritical: Bool { rawValue < 40 }

    /// Whether this packet may have partial or indeterminate lengths (RFC 9580 section 4.2.1.4).
    public var isDataPacket: Bool {
        switch self {
        case .compressedData, .symmetricallyEncryptedData, .literalData,
            .symmetricallyEncryptedIntegrityProtectedData, .gnupgAEADData:
            true
        default: false
        }
    }

    /// Whether this is a primary key or subkey, public or secret.
    public var isKey: Bool {
        self == .publicKey || self == .secretKey || self == .publicSubkey || self == .secretSubkey
    }

    public var description: String { "packet type \(rawValue)" }
}
