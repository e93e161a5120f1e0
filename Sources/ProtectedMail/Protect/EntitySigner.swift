import CMS
import Libcrypto
import OpenPGP

/// Signs an entity as it streams and gives the second part of multipart/signed (RFC 1847).
protocol EntitySigner: AnyObject {
    /// Protocol and micalg, the parameters of multipart/signed.
    var parameters: String { get }
    func push(_ bytes: Span<UInt8>) throws
    /// The second part: its fields, a blank line and the signature, with CRLF at the end.
    func part() throws -> [UInt8]
}

/// A PGP/MIME signature (RFC 3156, section 5).
final class OpenPGPEntitySigner: EntitySigner {
    let parameters: String
    private let signer: DetachedSigner

    init(key: SigningKey, time: Timestamp) throws {
        signer = try DetachedSigner(keys: [key], mode: .binary, time: time)
        guard let hash = signer.hash else { throw ProtectedMailError(.noSigner, "the keys need more than one hash") }
        let micalg = "pgp-" + hash.description.lowercased().filter { $0 != "-" }
        parameters = "micalg=\(micalg);\r\n protocol=\"application/pgp-signature\""
    }

    func push(_ bytes: Span<UInt8>) { signer.push(bytes) }

    func part() throws -> [UInt8] {
        let head = """
            Content-Type: application/pgp-signature; name="signature.asc"\r
            Content-Description: OpenPGP digital signature\r
            Content-Disposition: attachment; filename="signature.asc"\r
            \r

            """
        return Array(head.utf8) + (try signer.finish(armor: true, lineEnding: .crlf))
    }
}

/// An S/MIME signature (RFC 8551, section 3.5.3).
final class SMIMEEntitySigner: EntitySigner {
    let parameters: String
    private let writer: SignedDataWriter
    private let collected = Collected()

    /// Takes the pieces of the signature, which is small.
    private final class Collected { var bytes: [UInt8] = [] }

    init(signer: CMSSigner, chain: [X509Certificate], time: Timestamp) throws {
        parameters = "micalg=\(signer.micalg);\r\n protocol=\"application/pkcs7-signature\""
        let collected = collected
        writer = try SignedDataWriter(
            signers: [signer], form: .detached, options: .init(signingTime: time.seconds), certificates: chain
        ) { collected.bytes.append($0) }
    }

    func push(_ bytes: Span<UInt8>) throws { try writer.push(bytes) }

    func part() throws -> [UInt8] {
        try writer.finish()
        let head = """
            Content-Type: application/pkcs7-signature; name="smime.p7s"\r
            Content-Transfer-Encoding: base64\r
            Content-Disposition: attachment; filename="smime.p7s"\r
            Content-Description: S/MIME digital signature\r
            \r

            """
        var output = Array(head.utf8)
        var encoder = Base64.Encoder(lineLength: 64, lineEnding: .crlf)
        let signature = collected.bytes
        encoder.push(signature.span, into: &output)
        encoder.finish(into: &output)
        return output
    }
}
