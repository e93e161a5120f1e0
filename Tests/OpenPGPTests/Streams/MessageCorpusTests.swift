import Foundation
import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// What other implementations say about the messages and signatures of the corpora.
@Suite(.enabled(if: Corpora.isAvailable)) struct MessageCorpusTests {
    static let sets = [
        "gnupg", "go-crypto", "interop-derived", "interop-suite", "openkeychain", "openpgp-interop-google", "rfc9580",
        "rnp",
        "rpgp", "thunderbird-openpgp", "bc-openpgp",
    ]

    /// Secret keys of an entry, unlocked with its passwords.
    static func secrets(_ set: String, _ entry: [String: Any]) -> [SecretCertificate] {
        var names = entry["decrypt_keys"] as? [String] ?? []
        if let one = entry["decrypt_key"] as? String { names.append(one) }
        let passwords = [entry["key_password"], entry["password"]].compactMap { $0 as? String }
        return names.flatMap { name -> [SecretCertificate] in
            guard let bytes = try? Corpora.bytes(set + "/" + name), let found = try? SecretCertificate.parseAll(bytes)
            else {
                return []
            }
            return found.keys.flatMap { key in
                [key] + passwords.compactMap { try? key.unlocked(password: SecretBytes(copying: Array($0.utf8))) }
            }
        }
    }

    /// Certificates the entry names, else those it may mean.
    static func certificates(_ set: String, _ entry: [String: Any]) -> [Certificate] {
        var names = [entry["cert"], entry["signer_cert"], entry["decrypt_key"]].compactMap { $0 as? String }
        if entry["cert"] == nil { names += fallback[set] ?? [] }
        return names.flatMap { name in
            ((try? Corpora.bytes(set + "/" + name)).flatMap { try? Certificate.parseAll($0) })?.certificates ?? []
        }
    }

    /// Signers that entries mean without naming a file.
    static let fallback = [
        "gnupg": ["samplekeys/ed25519-cv25519-sample-1.asc", "samplekeys/rsa-rsa-sample-1.asc"],
        "rnp": ["keyrings/1/pubring.gpg"],
    ]

    /// Entries that we judge in another way, and why.
    static let differences = [
        "gnupg/samplemsgs/enc-sym-ocb-2.asc": "the expected hash is that of nothing, the expected text is not",
        "openpgp-interop-google/messages/gnupg-v2-1-5-001.asc": "the password that is given does not open the key",
        "rnp/test_messages/cleartext.rnp-aead-eax": "Twofish",
        "rnp/test_messages/message.txt.enc-aead-ocb": "OCB with Camellia",
        "openpgp-interop-google/messages/pgp-10-0-007.asc": "encrypted with IDEA, which is not supported",
        "rnp/test_messages/future.pgp": "unknown packets that are not critical are passed over, as RFC 9580 says",
        "rnp/test_partial_length/message.txt.partial-1g": "grows more by bzip2 than anything honest",
        "rnp/test_stream_signatures/source.txt.asc": "made before its key; RNP does not look",
        "rnp/test_stream_signatures/source.txt.sig": "made before its key; RNP does not look",
        "thunderbird-openpgp/binary/bluebird50.jpg.asc": "encrypted to another key than the one named",
        "thunderbird-openpgp/binary/bluebird50.jpg.gpg": "encrypted to another key than the one named",
    ]

    static func time(_ entry: [String: Any]) -> Timestamp {
        guard let text = entry["verify_time"] as? String, let date = ISO8601DateFormatter().date(from: text) else {
            return Timestamp(1_790_000_000)
        }
        return Timestamp(Int64(date.timeIntervalSince1970))
    }

    /// The result, whatever the pieces are; nil if the message was refused.
    static func read(_ message: [UInt8], _ set: String, _ entry: [String: Any], policy: AlgorithmPolicy) throws
        -> DecryptedMessage
    {
        let keys = secrets(set, entry).flatMap { $0.decryptionKeys() }
        let passwords = [entry["password"]].compactMap { ($0 as? String).map { SecretBytes(copying: Array($0.utf8)) } }
        let certificates = certificates(set, entry)
        var options = MessageDecryptor.Options()
        options.policy = policy
        let decryptor = MessageDecryptor(keys: keys, passwords: passwords, options: options, time: time(entry)) {
            hints in
            certificates.filter { certificate in hints.contains { !certificate.keys(matching: $0).isEmpty } }
        }
        for start in stride(from: 0, to: message.count, by: 1009) {
            try decryptor.push(Array(message[start..<min(start + 1009, message.count)]))
        }
        return try decryptor.finish()
    }

    @Test(arguments: sets) func messages(_ set: String) throws {
        for (name, entry) in try CertificateCorpusTests.expectations(set).sorted(by: { $0.key < $1.key }) {
            guard entry["kind"] as? String == "openpgp-message", !name.hasSuffix(".json"),
                Self.differences[set + "/" + name] == nil
            else { continue }
            let message = try Corpora.bytes(set + "/" + name)
            let expected = entry["decrypt"] as? String
            do {
                let result = try Self.read(message, set, entry, policy: .archive)
                #expect(expected != "refuse" && expected != "fail" && expected != "no-key", "\(set)/\(name) was read")
                let content = try result.content.bytes()
                if let hash = entry["plaintext_sha256"] as? String, entry["plaintext_text_mode"] == nil {
                    #expect(Hex.string(try Digest.hash(.sha256, content)) == hash, "\(set)/\(name)")
                }
                for part in entry["plaintext_contains"] as? [String] ?? [] {
                    #expect(String(decoding: content, as: UTF8.self).contains(part), "\(set)/\(name)")
                }
                let good = result.signatures.contains { $0.outcome == .good }
                if entry["verify"] as? String == "good" {
                    #expect(good, "\(set)/\(name): \(result.signatures.map(\.outcome))")
                }
                if entry["verify"] as? String == "bad" { #expect(!good, "\(set)/\(name)") }
            } catch let error as OpenPGPError {
                #expect(
                    expected != "ok" || entry["expect_strict"] as? String == "refuse",
                    "\(set)/\(name): \(error)")
            }
        }
    }

    /// Outcomes of the signatures in one file, over its data or in it.
    static func outcomes(_ set: String, _ name: String, _ entry: [String: Any]) throws -> [SignatureOutcome] {
        let bytes = try Corpora.bytes(set + "/" + name)
        let certificates = certificates(set, entry)
        let lookup: ([IssuerHint]) -> [Certificate] = { hints in
            certificates.filter { certificate in hints.contains { !certificate.keys(matching: $0).isEmpty } }
        }
        var data: [UInt8]?
        if let text = entry["data_text"] as? String { data = Array(text.utf8) }
        if let file = entry["data"] as? String { data = try Corpora.bytes(set + "/" + file) }
        if let block = try CleartextSignature.verify(bytes, time: time(entry), certificates: lookup) {
            return block.signatures.map(\.outcome)
        }
        guard let data else { return try read(bytes, set, entry, policy: .standard).signatures.map(\.outcome) }
        let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: bytes)))
        verifier.push(data)
        return try verifier.finish(signatures: bytes, time: time(entry), certificates: lookup).map(\.outcome)
    }

    @Test(arguments: sets) func signatures(_ set: String) throws {
        for (name, entry) in try CertificateCorpusTests.expectations(set).sorted(by: { $0.key < $1.key }) {
            guard entry["kind"] as? String == "openpgp-signature", !name.hasSuffix(".json"),
                Self.differences[set + "/" + name] == nil
            else { continue }
            let found: [SignatureOutcome]
            do { found = try Self.outcomes(set, name, entry) } catch { found = [.malformed("\(error)")] }
            switch entry["verify"] as? String {
            case "good":
                // Old algorithms may be refused, what is not built yet may not be understood; nothing may be called bad.
                let isFine = found.contains {
                    switch $0 {
                    case .good, .weakAlgorithm, .unsupported: true
                    case .malformed(let text): text.contains("unsupported")
                    default: false
                    }
                }
                #expect(isFine, "\(set)/\(name): \(found)")
            case "bad": #expect(!found.contains(.good), "\(set)/\(name)")
            case "unknown-key": #expect(found.allSatisfy { $0 == .unknownKey }, "\(set)/\(name): \(found)")
            default: break
            }
        }
    }
}
