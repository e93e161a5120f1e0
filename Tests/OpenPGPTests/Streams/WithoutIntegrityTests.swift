import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Data in the packet that has no integrity code (RFC 9580 section 5.7). Nobody writes it any more, so it is made by hand.
@Suite struct WithoutIntegrityTests {
    /// The octets of a literal packet in the old cipher feedback with its resynchronisation (section 13.9): the prefix, and
    /// the rest with the last block of ciphertext of the prefix as its initial vector.
    private func message(_ content: [UInt8], to key: PublicKey) throws -> [UInt8] {
        let secret = try SecretBytes.random(count: 16)
        var message: [UInt8] = []
        PacketWriter.write(
            .publicKeyEncryptedSessionKey,
            body: try SessionKey(.aes128, key: secret).sealed(for: .init(key: key), version: 3),
            into: &message)
        let random = (0..<16).map { _ in UInt8.random(in: 0...255) }
        let prefix = random + random.suffix(2)
        var body: [UInt8] = []
        try CFBEncryptor(.aes128, key: secret, iv: [UInt8](repeating: 0, count: 16)).update(prefix.span, into: &body)
        var literal: [UInt8] = []
        PacketWriter.write(.literalData, body: [UInt8(ascii: "b"), 0, 0, 0, 0, 0] + content, into: &literal)
        try CFBEncryptor(.aes128, key: secret, iv: Array(body.suffix(16))).update(literal.span, into: &body)
        PacketWriter.write(.symmetricallyEncryptedData, body: body, into: &message)
        return message
    }

    @Test func isRefusedHoweverWellItDecrypts() throws {
        let (home, secret) = try InteropTests.gpg(.rsa)
        let key = try #require(secret.certificate.encryptionKeys(at: InteropTests.now).first)
        let message = try message(Array("clear text".utf8), to: key)
        // GnuPG gives out the content when told to ignore the lack: the message is whole, and the refusal is not for damage.
        let read = try Shell.run(
            "gpg", ["--homedir", home.path, "--quiet", "--ignore-mdc-error", "--decrypt"], input: message)
        #expect(read.text == "clear text", "\(read.error)")

        #expect(throws: OpenPGPError(.integrityFailure, "")) { try InteropTests.decrypt(message, secret) }
        let walker = EncryptedMessageWalker()
        walker.push(message)
        #expect(walker.finish() == .notProtected)
    }
}
