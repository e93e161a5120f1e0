import Libcrypto
import OpenPGP
import Testing

@Suite struct EncryptedMessageWalkerTests {
    static func verdict(_ bytes: [UInt8], pieces: Int) -> EncryptedMessageWalker.Verdict {
        let walker = EncryptedMessageWalker()
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            walker.push(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
        return walker.finish()
    }

    static func message(armor: Bool, count: Int = 3000) throws -> [UInt8] {
        let secret = try SecretCertificate.generate(userIDs: ["w"], at: Timestamp(1_780_000_000))
        let time = Timestamp(1_790_000_000)
        var options = EncryptionOptions()
        options.armor = armor
        let key = try #require(secret.certificate.encryptionKeys(at: time).first)
        let encryptor = try MessageEncryptor(recipients: [.init(key: key)], options: options, time: time)
        var output: [UInt8] = []
        try encryptor.push([UInt8](repeating: 65, count: count), into: &output)
        try encryptor.finish(into: &output)
        return output
    }

    @Test func trueMessagesInAnyPieces() throws {
        let (text, binary) = (try Self.message(armor: true), try Self.message(armor: false, count: 100_000))
        for pieces in [1, 2, 3, 7, 64, 100, 1000, 200_000] {
            #expect(Self.verdict(text, pieces: pieces) == .protected)
            #expect(Self.verdict(binary, pieces: pieces) == .protected)
        }
    }

    @Test func clearTextBesideIsSeen() throws {
        let text = try Self.message(armor: true)
        let binary = try Self.message(armor: false)
        let hello = Array("hello\n".utf8)
        let literal: [UInt8] = [0xCB, 8, 98, 0, 0, 0, 0, 0, 104, 105]
        for (index, bad) in [
            hello + text, text + hello, hello, [], binary + literal, literal + binary, binary + binary,
        ]
        .enumerated() {
            for pieces in [1, 5, 10_000] { #expect(Self.verdict(bad, pieces: pieces) != .protected, "\(index)") }
        }
        for count in stride(from: 0, to: binary.count, by: 7) {
            #expect(Self.verdict(Array(binary[..<count]), pieces: 50) != .protected, "\(count)")
        }
    }

    /// Found by the fuzzer: long header fields and broken base64 in one text gave two verdicts, by the pieces.
    @Test func headerFieldsDecideFirst() {
        let field = "Comment: " + String(repeating: "x", count: 1100) + "\n"
        let bytes = Array(("-----BEGIN PGP MESSAGE-----\n" + field + "\n!!!!\n-----END PGP MESSAGE-----\n").utf8)
        for pieces in 1...100 { #expect(Self.verdict(bytes, pieces: pieces) == .unsure) }
        #expect(Self.verdict(bytes, pieces: bytes.count) == .unsure)
    }
}
