/// Where a certificate came from, and with that how far its user IDs can be believed.
///
/// Anybody can make a key with any address, so a user ID binds an address only where somebody who had to know vouched
/// for it. Cases are ordered by strength, strongest first.
public enum Provenance: String, Sendable, CaseIterable {
    /// A key of the gateway itself.
    case own
    /// Imported by the administrator.
    case adminImport = "admin"
    /// Verified by the user whose mail it concerns.
    case userVerified = "user"
    /// From a DNSSEC-validated OPENPGPKEY record (RFC 7929).
    case dane
    /// From the Web Key Directory of the address's own domain.
    case wkd
    /// From an Autocrypt field of a mail.
    case autocrypt
    /// From a key server.
    case hkp
    /// From the message itself, as an attachment or inside its signature.
    case message

    /// Whether this source ties the certificate's user IDs to their addresses well enough for a `pass`.
    public var bindsAddress: Bool {
        switch self {
        case .own, .adminImport, .userVerified, .dane, .wkd: true
        case .autocrypt, .hkp, .message: false
        }
    }
}
