import MIME

/// What an entity is, by its Content-Type.
enum EntityKind {
    /// multipart/signed of either protocol.
    case signed
    /// multipart/encrypted.
    case encrypted
    /// application/pkcs7-mime: any structure of CMS.
    case cms
    case multipart
    case message
    case text
    case other

    init(_ type: ContentType) {
        let proto = type.parameter("protocol")?.lowercased()
        switch type.mediaType {
        case "multipart/signed": self = .signed
        case "multipart/encrypted" where proto == nil || proto == "application/pgp-encrypted": self = .encrypted
        case "application/pkcs7-mime", "application/x-pkcs7-mime": self = .cms
        // RFC 8551, section 3.9: gateways that do not know the type keep the name.
        case "application/octet-stream" where Self.isCMS(name: type.parameter("name")): self = .cms
        case _ where type.isMultipart: self = .multipart
        case _ where type.type == "message": self = .message
        // application/pgp is how some programs still mark inline OpenPGP.
        case _ where type.type == "text", "application/pgp": self = .text
        default: self = .other
        }
    }

    private static func isCMS(name: String?) -> Bool {
        let name = name?.lowercased() ?? ""
        return [".p7m", ".p7z"].contains { name.hasSuffix($0) }
    }

    /// Whether it is nothing but a layer of protection around other content.
    var isLayer: Bool { self == .signed || self == .encrypted || self == .cms }

    /// The protocol whose detached signature a part with this type is; nil for any other type.
    static func signature(_ mediaType: String) -> MailProtocol? {
        switch mediaType {
        case "application/pgp-signature": .openpgp
        case "application/pkcs7-signature", "application/x-pkcs7-signature": .smime
        default: nil
        }
    }
}
