import Foundation
import TestSupport

/// Mails signed and encrypted by gpg, in every shape the tests need.
final class SignedMail: Sendable {
    static let shared = Result { try SignedMail() }

    let gpg: GnuPGHome
    let alice = "alice@example.org"
    let mallory = "mallory@example.org"

    init() throws {
        gpg = try GnuPGHome()
        try gpg.generate(alice, name: "Alice")
        try gpg.generate(mallory, name: "Mallory")
    }

    static let entity = "Content-Type: text/plain; charset=utf-8\r\n\r\nMeet me at noon.\r\nAlice\r\n"

    /// A multipart/signed message with everything that tests vary.
    func signed(
        from: String? = nil, entity: String = SignedMail.entity, sent: String? = nil, by signer: String? = nil,
        micalg: String? = nil, preamble: String = "", epilogue: String = "", extraFields: [String] = [],
        extraPart: String = "", text: Bool = false
    ) throws -> [UInt8] {
        let signature = try gpg.signDetached(Array(entity.utf8), as: signer ?? alice, text: text)
        return Self.multipartSigned(
            from: from ?? alice, entity: sent ?? entity, signature: String(decoding: signature, as: UTF8.self),
            micalg: micalg, preamble: preamble, epilogue: epilogue, extraFields: extraFields, extraPart: extraPart)
    }

    static func multipartSigned(
        from: String, entity: String, signature: String, micalg: String? = nil, preamble: String = "",
        epilogue: String = "", extraFields: [String] = [], extraPart: String = ""
    ) -> [UInt8] {
        let part = signedPart(
            entity: entity, signature: signature, micalg: micalg, preamble: preamble, epilogue: epilogue,
            extraPart: extraPart)
        return mail(from: from, extraFields: extraFields, entity: part)
    }

    /// The entity multipart/signed itself.
    static func signedPart(
        entity: String, signature: String, micalg: String? = nil, preamble: String = "", epilogue: String = "",
        extraPart: String = ""
    ) -> String {
        let signature = signature.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(
            of: "\n", with: "\r\n")
        let algorithm = micalg.map { $0.isEmpty ? "" : " micalg=\($0);" } ?? " micalg=pgp-sha512;"
        return """
            Content-Type: multipart/signed;\(algorithm) protocol="application/pgp-signature"; boundary="sig"\r
            \r
            \(preamble)\r
            --sig\r
            \(entity)\r
            --sig\r
            Content-Type: application/pgp-signature; name="signature.asc"\r
            \r
            \(signature)\r
            \(extraPart)--sig--\r
            \(epilogue)
            """
    }

    /// A message around an entity.
    static func mail(from: String, extraFields: [String] = [], entity: String) -> [UInt8] {
        let fields =
            ["From: Alice <\(from)>", "To: bob@example.org", "Subject: Noon", "MIME-Version: 1.0"] + extraFields
        return Array((fields.joined(separator: "\r\n") + "\r\n" + entity).utf8)
    }

    /// A clear-signed text, line ends CRLF.
    func clearSigned(_ text: String, by signer: String? = nil) throws -> String {
        let bytes = try gpg.run(["--clearsign", "--local-user", signer ?? alice], input: Array(text.utf8))
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
            .replacingOccurrences(of: "\n", with: "\r\n")
    }

    func inline(_ text: String, from: String? = nil, type: String = "text/plain; charset=utf-8", fields: [String] = [])
        -> [UInt8]
    {
        let head = fields.map { $0 + "\r\n" }.joined()
        return Self.mail(from: from ?? alice, entity: "Content-Type: \(type)\r\n\(head)\r\n\(text)")
    }

    /// A multipart/encrypted message to Alice.
    func encrypted(
        from: String? = nil, entity: String = SignedMail.entity, signer: String? = nil, arguments: [String] = []
    ) throws -> [UInt8] {
        let signing = signer.map { ["--sign", "--local-user", $0] } ?? []
        let armor = try gpg.run(
            ["--armor", "--encrypt", "--recipient", alice] + signing + arguments, input: Array(entity.utf8))
        return Self.multipartEncrypted(from: from ?? alice, armor: String(decoding: armor, as: UTF8.self))
    }

    static func multipartEncrypted(from: String, armor: String) -> [UInt8] {
        let armor = armor.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n", with: "\r\n")
        return mail(
            from: from,
            entity: """
                Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="enc"\r
                \r
                --enc\r
                Content-Type: application/pgp-encrypted\r
                \r
                Version: 1\r
                \r
                --enc\r
                Content-Type: application/octet-stream\r
                \r
                \(armor)\r
                --enc--\r

                """)
    }
}
