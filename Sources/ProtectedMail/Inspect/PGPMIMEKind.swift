import MIME

/// What an entity is, by its Content-Type.
enum PGPMIMEKind {
    case signed
    case encrypted
    case multipart
    case message
    case text
    case other

    init(_ type: ContentType) {
        let mime = type.type + "/" + type.subtype
        let proto = type.parameter("protocol")?.lowercased()
        switch mime {
        case "multipart/signed" where proto == nil || proto == "application/pgp-signature": self = .signed
        case "multipart/encrypted" where proto == nil || proto == "application/pgp-encrypted": self = .encrypted
        case _ where type.isMultipart: self = .multipart
        case _ where type.type == "message": self = .message
        // application/pgp is how some programs still mark inline OpenPGP.
        case _ where type.type == "text", "application/pgp": self = .text
        default: self = .other
        }
    }
}
