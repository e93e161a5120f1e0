import Foundation
import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Messages of the interoperability suite that stand with their keys in JSON files.
@Suite(.enabled(if: Corpora.isAvailable)) struct DerivedMessageTests {
    private struct Case: Decodable {
        let message: String
        let key: String?
        let passphrase: String?
        let plaintext: String?
    }

    /// The source indents some of its blocks.
    private static func unindented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: "\n")
    }

    private static func keys(_ sample: Case, _ password: SecretBytes?, _ name: String) throws -> [DecryptionKey] {
        guard let text = sample.key else { return [] }
        do {
            let key = try SecretCertificate(parsing: Array(unindented(text).utf8))
            return try (password.map { try key.unlocked(password: $0) } ?? key).decryptionKeys()
        } catch {
            Issue.record("\(name): \(error)")
            return []
        }
    }

    @Test func readsAndRefusesAsExpected() throws {
        var count = 0
        for (name, entry) in try CertificateCorpusTests.expectations("interop-derived").sorted(by: { $0.key < $1.key })
        {
            guard entry["kind"] as? String == "openpgp-message" else { continue }
            let sample = try JSONDecoder().decode(
                Case.self, from: Data(try Corpora.bytes("interop-derived/" + name)))
            let password = sample.passphrase.map { SecretBytes(copying: Array($0.utf8)) }
            let keys = try Self.keys(sample, password, name)
            let decryptor = MessageDecryptor(
                keys: keys, passwords: [password].compactMap(\.self), time: Timestamp(1_790_000_000)
            ) { _ in [] }
            let isGood = entry["decrypt"] as? String == "ok" || entry["parse"] as? String == "ok"
            count += 1
            do {
                try decryptor.push(Array(Self.unindented(sample.message).utf8))
                let content = try decryptor.finish().content.bytes()
                #expect(isGood, "\(name) was read")
                if let text = sample.plaintext { #expect(content.starts(with: Array(text.utf8)), "\(name)") }
            } catch {
                #expect(!isGood, "\(name): \(error)")
            }
        }
        #expect(count > 12)
    }
}
