public import OpenPGP

/// What an administrator decides about users' OpenPGP keys.
public struct KeySettings: Sendable, Equatable {
    /// What new keys are made of.
    public var profile = KeyProfile.compatible
    /// Days after which new keys end; 0 for never.
    public var validDays = 0
    /// Whether users may delete rings with private parts; else they can only revoke them.
    public var allowsPrivateDeletion = true
    /// Octets of the largest upload.
    public var maximumUpload = 256 << 10
    /// Rings in one upload.
    public var maximumRings = 20
    /// Rings of others that one user may keep.
    public var maximumExternal = 5000
    /// The trust level from which on a key is trusted.
    public var trustThreshold = 4
    /// Trust levels by source, 0 to 5.
    public var trust: [KeySource: Int] = [:]

    public init() {}

    public func level(_ source: KeySource) -> Int { trust[source] ?? source.standardLevel }
}

/// Where the key of a recipient came from. The names are part of the API.
public enum KeySource: String, Sendable, CaseIterable {
    /// A ring of one of our own users.
    case local = "GUARD_KEY_PAIR"
    case guest = "GUARD_GUEST"
    /// The caller uploaded it.
    case uploaded = "GUARD_USER_UPLOADED"
    /// Another user of the domain shares it.
    case shared = "GUARD_USER_SHARED"
    case autocryptVerified = "AUTOCRYPT_KEY_USER_VERIFIED"
    case autocrypt = "AUTOCRYPT_KEY"
    /// The administrator's key store.
    case administrator = "ADMINISTRATOR"
    /// An OPENPGPKEY record that DNSSEC proves.
    case dane = "DANE"
    /// A Web Key Directory.
    case wkd = "WKD"
    case keyServer = "HKP"

    var standardLevel: Int {
        switch self {
        case .local, .guest, .administrator: 5
        case .uploaded, .autocryptVerified, .wkd, .dane: 4
        case .shared, .autocrypt: 3
        case .keyServer: 1
        }
    }
}
