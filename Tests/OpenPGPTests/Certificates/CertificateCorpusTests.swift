import Foundation
import OpenPGP
import TestSupport
import Testing

/// Every key of the public corpora.
@Suite(.enabled(if: Corpora.isAvailable)) struct CertificateCorpusTests {
    static let sets = [
        "rfc9580", "interop-derived", "interop-suite", "gnupg", "rnp", "go-crypto", "rpgp", "openkeychain",
        "keyserver-zoo", "thunderbird-openpgp", "bc-openpgp", "openpgp-interop-google", "openpgp-pqc",
    ]

    /// Entries of a set's expectations by file name.
    static func expectations(_ set: String) throws -> [String: [String: Any]] {
        let bytes = try Corpora.bytes(set + "/expected.json")
        return try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: [String: Any]] ?? [:]
    }

    /// The key inside of a file; some sets wrap it in JSON.
    static func key(_ name: String) throws -> [UInt8] {
        let bytes = try Corpora.bytes(name)
        guard name.hasSuffix(".json") else { return bytes }
        let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        return Array((object?["cert"] as? String ?? "").utf8)
    }

    @Test(arguments: sets) func importsAsExpected(_ set: String) throws {
        var outOfScope: [String] = []
        var read = 0
        for (name, entry) in try Self.expectations(set).sorted(by: { $0.key < $1.key }) {
            guard let kind = entry["kind"] as? String, kind == "openpgp-cert" || kind == "openpgp-secret-key" else {
                continue
            }
            let path = set + "/" + name
            let bytes = try Self.key(path)
            let expected = entry["import"] as? String
            let found: (certificates: [Certificate], problems: [OpenPGPError])
            do {
                found = try Certificate.parseAll(bytes)
            } catch let error as OpenPGPError {
                // One entry is a text file beside its keys.
                if name.hasSuffix("readme") { continue }
                #expect(expected == nil || expected == "reject" || expected == "either", "\(path): \(error)")
                continue
            }
            read += found.certificates.count
            for certificate in found.certificates { try Self.checkRoundTrip(certificate, path) }
            if found.certificates.isEmpty {
                let isKnownGap = found.problems.contains {
                    $0.code == .unsupportedVersion || $0.code == .unsupportedAlgorithm
                }
                if isKnownGap { outOfScope.append(name) }
                #expect(
                    isKnownGap || expected != "ok" && expected != "ok-dropping-signature" && expected != "partial",
                    "\(path): \(found.problems)")
                continue
            }
            if let fingerprint = entry["fingerprint"] as? String {
                #expect(found.certificates.first?.fingerprint == Fingerprint(hex: fingerprint), "\(path)")
            }
            if kind == "openpgp-secret-key" {
                let secrets = try SecretCertificate.parseAll(bytes)
                if secrets.keys.isEmpty { outOfScope.append(name + " (secret part)") }
                for secret in secrets.keys { try Self.checkRoundTrip(secret, path) }
            }
        }
        print("certificates of \(set): \(read) read, \(outOfScope.count) out of scope \(outOfScope)")
    }

    /// All files of all sets that hold keys by chance: reading them never fails in an unexpected way, and what is read
    /// survives a round trip.
    @Test(arguments: sets) func readsAnyFile(_ set: String) throws {
        var count = 0
        for path in try Corpora.files(under: set) {
            guard let found = try? Certificate.parseAll(try Corpora.bytes(path)) else { continue }
            for certificate in found.certificates { try Self.checkRoundTrip(certificate, path) }
            count += found.certificates.count
        }
        print("certificates in any file of \(set): \(count)")
    }

    static func checkRoundTrip(_ certificate: Certificate, _ path: String) throws {
        let again = try Certificate(parsing: certificate.serialized())
        #expect(again == certificate, "\(path)")
        #expect(again.serialized() == certificate.serialized(), "\(path)")
        #expect(try Certificate(parsing: certificate.armored()) == certificate, "\(path)")
        #expect(try certificate.merged(with: again) == certificate, "\(path)")
        let now = Timestamp(1_790_000_000)
        #expect(again.keyStatuses(at: now) == certificate.keyStatuses(at: now), "\(path)")
    }

    static func checkRoundTrip(_ secret: SecretCertificate, _ path: String) throws {
        let bytes = secret.serialized().withBytes { span in span.indices.map { span[$0] } }
        let again = try SecretCertificate(parsing: bytes)
        #expect(again.certificate == secret.certificate, "\(path)")
        #expect(again.serialized() == secret.serialized(), "\(path)")
        #expect(again.presentSecrets == secret.presentSecrets, "\(path)")
    }
}
