import CMS
import Foundation
import Libcrypto
import TestSupport
import Testing

@Suite(.enabled(if: Corpora.isAvailable)) struct CertificateCorporaTests {
    /// 2008-01-01, inside of the validity of the PKITS certificates.
    private static let moment: Int64 = 1_199_145_600

    private struct Expectation: Decodable { let verdict: String? }

    /// Where the answer differs from the standard's, always to the strict side.
    private static let stricter: [String: String] = [
        "ValidcRLIssuerTest30EE": "an indirect list signed by a key that is certified elsewhere"
    ]

    @Test func judgesPathsAsPKITSDoes() throws {
        let names = try Corpora.files(under: "pkits")
        let lists = names.filter { $0.hasSuffix(".crl") }.compactMap {
            try? RevocationList(der: Corpora.bytes($0))
        }
        #expect(lists.count > 150)
        // Names are compared without regard to case, white space and string type.
        func folded(_ name: DistinguishedName) -> String { name.text.lowercased().filter { $0 != " " && $0 != "\\" } }
        var byName: [String: [X509Certificate]] = [:]
        for name in names where name.hasSuffix(".crt") && !name.hasSuffix("EE.crt") {
            let certificate = try X509Certificate(der: Corpora.bytes(name))
            byName[folded(certificate.subject), default: []].append(certificate)
        }
        // Issuers of indirect lists, which no name in a certificate leads to.
        let listIssuers = byName.values.joined().filter { $0.subject.text.contains("indirectCRL") }
        let store = try TrustStore([X509Certificate(der: Corpora.bytes("pkits/certs/TrustAnchorRootCertificate.crt"))])
        let policy = ChainPolicy(revocation: .hard, minimumRSABits: 1024, allowsSHA1: true, allowsDSA: true)
        let expected = try JSONDecoder().decode(
            [String: Expectation].self, from: Data(Corpora.bytes("pkits/expected.json")))
        var counts: [String: Int] = [:]
        for (file, expectation) in expected.sorted(by: { $0.key < $1.key }) {
            let leaf = try X509Certificate(der: Corpora.bytes("pkits/" + file))
            var intermediates: [X509Certificate] = []
            var open = [leaf.issuer]
            while let issuer = open.popLast() {
                for candidate in byName[folded(issuer)] ?? [] where !intermediates.contains(candidate) {
                    intermediates.append(candidate)
                    open.append(candidate.issuer)
                }
            }
            intermediates += listIssuers
            let result = ChainValidator.validate(
                leaf, intermediates: intermediates, store: store, crls: lists, now: Self.moment, purpose: .signing,
                policy: policy)
            let test = String(file.dropFirst("certs/".count).dropLast(".crt".count))
            counts["\(expectation.verdict ?? "none") \(result.isValid)", default: 0] += 1
            switch expectation.verdict {
            case "valid": #expect(result.isValid == (Self.stricter[test] == nil), "\(test): \(result.failures)")
            case "invalid": #expect(!result.isValid, "\(test)")
            // Tests of policies: the standard's answer for no demands of our own, where the name tells it.
            default: #expect(result.isValid != test.hasPrefix("Invalid") || !test.contains("alid"), "\(test)")
            }
        }
        print("PKITS:", counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }

    @Test(arguments: ["rfc4134", "thunderbird-smime", "mimekit/smime", "kde-mimetreeparser/keys"])
    func readsCertificatesOfTheWild(_ set: String) throws {
        var count = 0
        for file in try Corpora.files(under: set) {
            let bytes = try Corpora.bytes(file)
            switch file.split(separator: ".").last {
            case "cer", "crt":
                count += 1
                #expect(throws: Never.self, "\(file)") { try X509Certificate.parseAll(bytes).count == 1 }
            case "pem" where !file.hasSuffix("key.pem") && !file.hasSuffix("smdsap.pem"):
                count += 1
                #expect(try !X509Certificate.parseAll(bytes).isEmpty, "\(file)")
            case "crl":
                count += 1
                #expect(try RevocationList.parseAll(bytes).count == 1)
            case "p12", "pfx":
                count += 1
                let password = SecretBytes(copying: Array((set == "mimekit/smime" ? "no.secret" : "nss").utf8))
                // DSA, and a curve given by its numbers.
                if file.contains("/dsa/") || file.contains("/ec/") {
                    #expect(throws: CMSError(.unsupported, ""), "\(file)") { try PKCS12(bytes, password: password) }
                } else {
                    let opened = try PKCS12(bytes, password: password)
                    #expect(opened.keys.count == 1, "\(file)")
                    #expect(opened.identities.count == 1, "\(file)")
                }
            default: break
            }
        }
        #expect(count > 0)
    }
}
