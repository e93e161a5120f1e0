/// Signature subpacket type (RFC 9580 section 5.2.3.7). Unknown values are kept.
public struct SubpacketType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let creationTime = Self(rawValue: 2)
    public static let signatureExpirationTime = Self(rawValue: 3)
    public static let exportableCertification = Self(rawValue: 4)
    public static let trustSignature = Self(rawValue: 5)
    public static let regularExpression = Self(rawValue: 6)
    public static let revocable = Self(rawValue: 7)
    public static let keyExpirationTime = Self(rawValue: 9)
    public static let preferredSymmetric = Self(rawValue: 11)
    public static let revocationKey = Self(rawValue: 12)
    public static let issuerKeyID = Self(rawValue: 16)
    public static let notationData = Self(rawValue: 20)
    public static let preferredHash = Self(rawValue: 21)
    public static let preferredCompression = Self(rawValue: 22)
    public static let keyServerPreferences = Self(rawValue: 23)
    public static let preferredKeyServer = Self(rawValue: 24)
    public static let primaryUserID = Self(rawValue: 25)
    public static let policyURI = Self(rawValue: 26)
    public static let keyFlags = Self(rawValue: 27)
    public static let signerUserID = Self(rawValue: 28)
    public static let reasonForRevocation = Self(rawValue: 29)
    public static let features = Self(rawValue: 30)
    public static let signatureTarget = Self(rawValue: 31)
    public static let embeddedSignature = Self(rawValue: 32)
    public static let issuerFingerprint = Self(rawValue: 33)
    public static let preferredAEAD = Self(rawValue: 34)
    public static let intendedRecipient = Self(rawValue: 35)
    public static let approvedCertifications = Self(rawValue: 37)
    public static let preferredCipherSuites = Self(rawValue: 39)

    /// Whether this library acts on the subpacket or knows that ignoring it is right, so that a critical one does no
    /// harm. Trust and regular expressions matter on third-party signatures only, which are never judged. Notations are
    /// not among them: no name of one is known.
    public var isUnderstood: Bool {
        switch rawValue {
        case 2...7, 9, 11, 12, 16, 21...35, 37, 39: true
        default: false
        }
    }
}

/// What a key may be used for (RFC 9580 section 5.2.3.29).
public struct KeyFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let certify = Self(rawValue: 0x01)
    public static let sign = Self(rawValue: 0x02)
    public static let encryptCommunications = Self(rawValue: 0x04)
    public static let encryptStorage = Self(rawValue: 0x08)
    public static let authenticate = Self(rawValue: 0x20)
    /// Either kind of encryption.
    public static let encrypt: Self = [.encryptCommunications, .encryptStorage]
}

/// What a key's owner can read (RFC 9580 section 5.2.3.32).
public struct Features: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Protected data of version 1.
    public static let seipdV1 = Self(rawValue: 0x01)
    /// Protected data of version 2 (AEAD).
    public static let seipdV2 = Self(rawValue: 0x08)
}

/// Why a key or certification was revoked (RFC 9580 section 5.2.3.31).
public struct RevocationReason: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let unspecified = Self(rawValue: 0)
    public static let superseded = Self(rawValue: 1)
    public static let compromised = Self(rawValue: 2)
    public static let retired = Self(rawValue: 3)
    public static let userIDInvalid = Self(rawValue: 32)

    /// Whether the revocation voids everything the key ever did. Soft are only reasons that say the key was in order:
    /// superseded, retired, user ID no longer valid. Anything else, also unknown and private reasons, is hard.
    public var isHard: Bool { self != .superseded && self != .retired && self != .userIDInvalid }
}
