/// The authenticated modes of OpenPGP (RFC 9580 section 5.13.2), all with a tag of 16 octets.
public enum AEADAlgorithm: Int, Sendable, CaseIterable {
    case eax, ocb, gcm

    /// Length of a nonce in octets.
    public var nonceSize: Int {
        switch self {
        case .eax: 16
        case .ocb: 15
        case .gcm: 12
        }
    }

    /// Length of a tag in octets.
    public static let tagSize = 16
}
