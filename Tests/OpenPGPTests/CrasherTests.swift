import Foundation
import Libcrypto
import OpenPGP
import Testing

/// Inputs that once stopped a fuzzer, kept so that they never do again: each is read as everything there is. What took too
/// long is here too; that it no longer does shows in the time of the whole run.
@Suite struct CrasherTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Crashers")
    private static let inputs =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }
        .sorted()
    private static let time = Timestamp(1_790_000_000)

    @Test func thereAreSome() { #expect(!Self.inputs.isEmpty) }

    @Test(arguments: inputs) func keptInputIsHarmless(_ name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name)))
        for certificate in (try? Certificate.parseAll(bytes))?.certificates ?? [] {
            #expect(try Certificate(parsing: certificate.serialized()) == certificate)
            _ = certificate.keyStatuses(at: Self.time, policy: .archive)
        }
        for secret in (try? SecretCertificate.parseAll(bytes))?.keys ?? [] {
            _ = secret.decryptionKeys()
            _ = try? secret.signingKey(at: Self.time)
        }
        _ = try? Armor.decode(bytes)
        _ = try? CleartextSignature.verify(bytes, time: Self.time) { _ in [] }
        #expect(walk(bytes, piece: 1) == walk(bytes, piece: bytes.count))
        #expect(read(bytes, piece: 1) == read(bytes, piece: bytes.count))
    }

    private func walk(_ bytes: [UInt8], piece: Int) -> EncryptedMessageWalker.Verdict {
        let walker = EncryptedMessageWalker()
        for part in Self.cut(bytes, piece) { walker.push(part) }
        return walker.finish()
    }

    private func read(_ bytes: [UInt8], piece: Int) -> [UInt8]? {
        let decryptor = MessageDecryptor(keys: [], time: Self.time) { _ in [] }
        return try? {
            for part in Self.cut(bytes, piece) { try decryptor.push(part) }
            return try decryptor.finish().content.bytes()
        }()
    }

    private static func cut(_ bytes: [UInt8], _ piece: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: max(1, piece)).map {
            Array(bytes[$0..<min($0 + max(1, piece), bytes.count)])
        }
    }
}
