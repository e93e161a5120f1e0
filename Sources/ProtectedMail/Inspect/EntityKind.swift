import MIME

/// What an entity is, by its Content-Type.
enum EntityKind {
    /// multipart/signed of either protocol.
    case signed
    /// multipart/encrypted.
    case encrypted
    case multipart
    case message
    case text
    case other

    init(_ type: ContentType) {
        let proto = type.parameter("protocol")?.lowercased()
        switch type.mediaType {
        case "multipart/signed": self = .signed
        case "multipart/encrypted" where proto == nil || proto == "application/pgp-encrypted": self = .encrypted
        case _ where type.isMultipart: self = .multipart
        case _ where type.type == "message": self = .message
        // application/pgp is how some programs still mark inline OpenPGP.
        case _ where type.type == "text", "application/pgp": self = .text
        default: self = .other
        }
    }

    /// The protocol whose detached signature a part with this type is; nil for any other type.
    static func signature(_ mediaType: String) -> MailProtocol? {
        switch mediaType {
        case "application/pgp-signature": .openpgp
        case "application/pkcs7-signature", "application/x-pkcs7-signature": .smime
        default: nil
        }
    }
}
