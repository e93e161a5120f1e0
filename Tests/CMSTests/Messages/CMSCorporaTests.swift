import CMS
import Foundation
import Libcrypto
import MIME
import TestSupport
import Testing

/// One layer of S/MIME and how it came out.
private enum Layer: Equatable {
    case signature([SignerOutcome])
    case encryption(String?)

    /// In the words of the expectations.
    var summary: [String] {
        switch self {
        case .signature(let outcomes):
            ["sig", !outcomes.isEmpty && outcomes.allSatisfy { $0 == .valid } ? "ok" : "fail"]
        case .encryption(let failure): ["enc", failure == nil ? "ok" : "fail"]
        }
    }
}

/// Opens a mail layer by layer, outermost first, as a caller of this target does.
private struct LayerWalk {
    let keys: [CMSDecryptionKey]
    var policy = CMSPolicy.legacy
    var certificates: [X509Certificate] = []
    var layers: [Layer] = []
    var texts: [[UInt8]] = []

    mutating func walk(mail bytes: [UInt8], depth: Int = 6) throws {
        let message = try Message(parsing: bytes)
        try walk(message, message.root, depth)
    }

    private mutating func walk(_ message: Message, _ entity: Entity, _ depth: Int) throws {
        guard depth > 0 else { throw TestFailure("too many layers") }
        let type = "\(entity.contentType.type)/\(entity.contentType.subtype)"
        if type == "multipart/signed", entity.children.count == 2,
            entity.contentType.parameter("protocol")?.hasSuffix("pkcs7-signature") == true
        {
            let signature = message.decodedBody(of: entity.children[1]).bytes
            let content = canonical(message.slice(entity.children[0].range))
            let reader = try SignedDataReader(CMSContent.parse(signature, policy: policy))
            let report = try reader.verify(detached: content, certificates: certificates)
            layers.append(.signature(report.signers.map(\.outcome)))
            return try walk(message, entity.children[0], depth - 1)
        }
        if type.hasSuffix("pkcs7-mime") { return try walk(cms: message.decodedBody(of: entity).bytes, depth) }
        if entity.children.isEmpty { texts.append(message.decodedBody(of: entity).bytes) }
        for child in entity.children { try walk(message, child, depth - 1) }
    }

    mutating func walk(cms bytes: [UInt8], _ depth: Int = 6) throws {
        let content = try CMSContent.parse(bytes, policy: policy)
        switch content.kind {
        case .signed:
            let reader = try SignedDataReader(content)
            let report = try reader.verify(certificates: certificates)
            layers.append(.signature(report.signers.map(\.outcome)))
            try walk(mail: try reader.content() ?? [], depth: depth - 1)
        case .enveloped, .authEnveloped:
            do {
                let decrypted = try EnvelopedDataReader(content).decrypt(with: keys)
                layers.append(.encryption(nil))
                try walk(mail: decrypted.content, depth: depth - 1)
            } catch let error as CMSError {
                layers.append(.encryption(error.code.rawValue))
            }
        default: break
        }
    }

    private func canonical(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var last: UInt8 = 0
        for byte in bytes {
            if byte == 10, last != 13 { result.append(13) }
            result.append(byte)
            last = byte
        }
        return result
    }

    func contains(_ text: String) -> Bool { texts.contains { String(decoding: $0, as: UTF8.self).contains(text) } }
}

@Suite(.enabled(if: Corpora.isAvailable)) struct CMSCorporaTests {
    private func expectations(_ set: String) throws -> [String: [String: Any]] {
        let json = try JSONSerialization.jsonObject(with: Data(try Corpora.bytes(set + "/expected.json")))
        return json as? [String: [String: Any]] ?? [:]
    }

    private func certificate(_ name: String) throws -> X509Certificate {
        try X509Certificate(der: Corpora.bytes("rfc4134/" + name))
    }

    private func key(_ name: String) throws -> CMSPrivateKey {
        try CMSPrivateKey(SecretBytes(copying: Corpora.bytes("rfc4134/" + name)))
    }

    @Test func rfc4134() throws {
        let content = try Corpora.bytes("rfc4134/ExContent.bin")
        let certificates = try [
            "AliceDSSSignByCarlNoInherit.cer", "AliceRSASignByCarl.cer", "DianeRSASignByCarl.cer",
        ].map(certificate)
        func outcomes(_ name: String, policy: CMSPolicy = .legacy) throws -> [SignerOutcome] {
            let reader = try SignedDataReader(CMSContent.parse(Corpora.bytes("rfc4134/" + name), policy: policy))
            let report =
                reader.isDetached
                ? try reader.verify(detached: content, certificates: certificates)
                : try reader.verify(certificates: certificates)
            if !reader.isDetached { #expect(try reader.content() == content) }
            return report.signers.map(\.outcome)
        }
        for name in ["4.1.bin", "4.3.bin", "4.5.bin", "4.7.bin"] {
            #expect(try outcomes(name) == [.valid], "\(name)")
            #expect(try outcomes(name, policy: .standard) == [.weakAlgorithm("sha1")], "\(name)")
        }
        #expect(try CMSContent.parse(Corpora.bytes("rfc4134/4.11.bin")).kind == .certificatesOnly)

        let bob = CMSDecryptionKey(
            certificate: try certificate("BobRSASignByCarl.cer"), privateKey: try key("BobPrivRSAEncrypt.pri"))
        let enveloped = try Corpora.bytes("rfc4134/5.1.bin")
        let reader = try EnvelopedDataReader(CMSContent.parse(enveloped, policy: .legacy))
        #expect(reader.cipher == .tripleDESCBC)
        #expect(try reader.decrypt(with: [bob]).content == content)
        #expect(throws: CMSError(.refusedByPolicy, "")) {
            try EnvelopedDataReader(CMSContent.parse(enveloped)).decrypt(with: [bob])
        }
        for (name, layer) in [("4.8.eml", Layer.signature([.valid])), ("5.3.eml", .encryption(nil))] {
            var walk = LayerWalk(keys: [bob], certificates: certificates)
            try walk.walk(mail: Corpora.bytes("rfc4134/" + name))
            #expect(walk.layers == [layer], "\(name)")
            #expect(walk.contains("This is some sample content."))
        }
    }

    /// The keys of the Thunderbird mails.
    private func thunderbirdKeys() throws -> [CMSDecryptionKey] {
        try ["Bob", "Fran", "Fran-ec"].map { name in
            let scratch = try TemporaryDirectory("p12")
            let file = try scratch.write("p12", try Corpora.bytes("thunderbird-smime/keys/\(name).p12"))
            let pem = try Shell.check(
                "openssl", ["pkcs12", "-in", file, "-nodes", "-clcerts", "-legacy", "-passin", "pass:nss"])
            return CMSDecryptionKey(
                certificate: try X509Certificate(pem: pem), privateKey: try CMSPrivateKey(SecretBytes(copying: pem)))
        }
    }

    @Test func thunderbird() throws {
        let keys = try thunderbirdKeys()
        var checked = 0
        for (name, expected) in try expectations("thunderbird-smime").sorted(by: { $0.key < $1.key }) {
            guard let layers = expected["crypto_layers"] as? [[String]] else { continue }
            checked += 1
            let bytes = try Corpora.bytes("thunderbird-smime/" + name)
            var walk = LayerWalk(keys: keys)
            if bytes.first == 0x30 { try walk.walk(cms: bytes) } else { try walk.walk(mail: bytes) }
            // What is encrypted below a plain multipart is not to be opened; here it is for nobody at hand.
            let refused = expected["decrypt"] as? String == "refuse" ? [["enc", "fail"]] : []
            #expect(walk.layers.map(\.summary) == layers + refused, "\(name): \(walk.layers)")
            for text in expected["plaintext_contains"] as? [String] ?? [] { #expect(walk.contains(text), "\(name)") }
            // Today SHA-1 is no signature.
            if expected["verify_if_sha1_allowed"] != nil {
                var strict = LayerWalk(keys: keys, policy: .standard)
                try strict.walk(mail: bytes)
                #expect(strict.layers.contains { $0.summary == ["sig", "fail"] }, "\(name)")
            }
        }
        #expect(checked >= 35)
    }

    @Test func thunderbirdParts() throws {
        let keys = try thunderbirdKeys()
        for name in try Corpora.files(under: "thunderbird-smime/cms-parts") {
            let bytes = try Corpora.bytes(name)
            guard bytes.first == 0x30 else { continue }
            let content = try CMSContent.parse(bytes)
            if content.kind == .enveloped {
                // To the certificate that Bob had from an earlier authority.
                let reader = try EnvelopedDataReader(content)
                #expect(reader.recipients.count == 1, "\(name)")
                #expect(throws: CMSError(.notDecryptable, ""), "\(name)") { try reader.decrypt(with: keys) }
            } else {
                let reader = try SignedDataReader(content)
                #expect(reader.signers.count == 1, "\(name)")
                #expect(reader.findings.isEmpty, "\(name)")
            }
        }
    }

    @Test func kde() throws {
        let certificates = try CMSCorporaTests.pem("kde-mimetreeparser/keys/smime-certs.pem")
        let privateKey = try CMSPrivateKey(
            SecretBytes(copying: Corpora.bytes("kde-mimetreeparser/keys/smime-reader.key.pem")))
        let keys = certificates.filter { privateKey.matches($0) }.map {
            CMSDecryptionKey(certificate: $0, privateKey: privateKey)
        }
        #expect(!keys.isEmpty)
        func walk(_ name: String) throws -> LayerWalk {
            var walk = LayerWalk(keys: keys)
            try walk.walk(mail: Corpora.bytes("kde-mimetreeparser/\(name).mbox"))
            return walk
        }
        let encrypted = try walk("smime-encrypted")
        #expect(encrypted.layers == [.encryption(nil)])
        #expect(encrypted.contains("The quick brown fox jumped over the lazy dog."))
        let both = try walk("smime-opaque-enc+sign")
        #expect(both.layers == [.encryption(nil), .signature([.certificateMissing])])
        #expect(both.contains("Encrypted and signed mail."))
        #expect(try walk("smime-encrypted-ambiguous-mime").contains("Encrypted and signed mail."))
        #expect(try walk("smime-opaque-sign").layers == [.signature([.certificateMissing])])
        #expect(try walk("smime-signed-apple").layers == [.signature([.contentChanged])])
        #expect(try walk("smime-signed-encrypted").layers.first == .encryption(nil))
    }

    private static func pem(_ name: String) throws -> [X509Certificate] {
        let text = String(decoding: try Corpora.bytes(name), as: UTF8.self)
        return try text.components(separatedBy: "-----BEGIN CERTIFICATE-----").dropFirst().map {
            try X509Certificate(pem: Array(("-----BEGIN CERTIFICATE-----" + $0).utf8))
        }
    }

    /// Whatever the corpora hold, a reader answers or throws an error of this target, whole or cut off.
    @Test func nothingStopsAReader() throws {
        let sets = ["rfc4134", "thunderbird-smime", "kde-mimetreeparser", "mimekit", "pkits"]
        for name in try sets.flatMap({ try Corpora.files(under: $0) }) {
            let bytes = try Corpora.bytes(name)
            guard bytes.first == 0x30, bytes.count < 100_000 else { continue }
            for end in [bytes.count, bytes.count / 2, bytes.count - 1] {
                let content = try? CMSContent.parse(Array(bytes.prefix(end)), policy: .legacy)
                guard let content else { continue }
                _ = try? SignedDataReader(content).verify()
                _ = try? EnvelopedDataReader(content).decrypt(with: [])
                _ = try? CompressedDataReader(content).content()
            }
        }
    }
}
