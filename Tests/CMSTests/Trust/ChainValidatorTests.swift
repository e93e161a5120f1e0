import CMS
import TestSupport
import Testing

@Suite struct ChainValidatorTests {
    private static let day: Int64 = 86400
    private let openssl: OpenSSL
    private let root: X509Certificate

    init() throws {
        openssl = try OpenSSL()
        try openssl.certificate(
            "root", key: "P-256", subject: "/CN=root", extensions: OpenSSL.rootExtensions, days: 1000)
        root = try openssl.certificate(named: "root")
    }

    private func judge(
        _ certificate: X509Certificate, with intermediates: [X509Certificate] = [], store: [X509Certificate]? = nil,
        crls: [RevocationList] = [], signedAfter signed: Int64? = nil, after days: Int64 = 1,
        for purpose: ChainPurpose = .signing, policy: ChainPolicy = ChainPolicy(revocation: .off)
    ) throws -> ChainResult {
        ChainValidator.validate(
            certificate, intermediates: intermediates, store: try TrustStore(store ?? [root]), crls: crls,
            at: signed.map { certificate.notBefore + $0 * Self.day }, now: certificate.notBefore + days * Self.day,
            purpose: purpose, policy: policy)
    }

    private func codes(_ result: ChainResult) -> Set<ChainDiagnostic.Code> { Set(result.failures.map(\.code)) }

    @Test func buildsAPathThroughIntermediates() throws {
        let middle = try openssl.issue("middle", by: "root", extensions: OpenSSL.rootExtensions)
        let leaf = try openssl.issue("leaf", by: "middle")
        let other = try openssl.issue("other", by: "root")
        let result = try judge(leaf, with: [other, middle, leaf])
        #expect(result.isValid)
        #expect(result.chain == [leaf, middle, root])
        #expect(try judge(leaf, with: [middle], for: .encryption).isValid)
        #expect(try codes(judge(leaf)) == [.untrusted])
        // A certificate in the store that is no anchor helps, but no path may end with it.
        #expect(try judge(leaf, store: [root, middle]).isValid)
        #expect(try codes(judge(leaf, store: [middle])) == [.untrusted])
        #expect(try codes(judge(leaf, with: [middle, root], store: [])) == [.untrusted])
    }

    @Test func refusesALeafNobodyIssued() throws {
        try openssl.certificate("self", key: "P-256", extensions: OpenSSL.leafExtensions)
        let alone = try openssl.certificate(named: "self")
        #expect(try codes(judge(alone)) == [.untrusted])
        #expect(try judge(alone, store: [alone]).isValid)
        // The same names and another key.
        try openssl.certificate("forged", key: "P-256", subject: "/CN=root", extensions: OpenSSL.rootExtensions)
        let leaf = try openssl.issue("leaf", by: "forged")
        #expect(try !judge(leaf).isValid)
        #expect(try !judge(leaf, with: [openssl.certificate(named: "forged")]).isValid)
    }

    @Test func tellsASignatureThatIsWrong() throws {
        var der = try openssl.issue("leaf", by: "root").der
        der[der.count - 3] ^= 1
        #expect(try codes(judge(X509Certificate(der: der))) == [.badSignature])
    }

    @Test func looksAtBothMoments() throws {
        let leaf = try openssl.issue("leaf", by: "root", days: 20)
        #expect(try judge(leaf, signedAfter: 5, after: 10).isValid)
        #expect(try codes(judge(leaf, signedAfter: 5, after: 30)) == [.expiredSince])
        #expect(try codes(judge(leaf, signedAfter: 25, after: 30)) == [.expired])
        #expect(try codes(judge(leaf, after: 30)) == [.expired])
        #expect(try codes(judge(leaf, signedAfter: -5, after: 5)) == [.notYetValid])
        #expect(try codes(judge(leaf, after: -5)) == [.notYetValid])
        #expect(try codes(judge(leaf, signedAfter: 5, after: -5)) == [.notYetValidNow])
    }

    @Test func looksAtUsage() throws {
        func leaf(_ usage: String, _ extended: String? = nil, key: String = "P-256") throws -> X509Certificate {
            try openssl.issue(
                "leaf", by: "root", key: key,
                extensions: ["keyUsage=critical,\(usage)"] + (extended.map { ["extendedKeyUsage=\($0)"] } ?? []))
        }
        #expect(try judge(leaf("nonRepudiation")).isValid)
        #expect(try codes(judge(leaf("keyAgreement"))) == [.keyUsage])
        #expect(try judge(leaf("keyAgreement"), for: .encryption).isValid)
        #expect(try codes(judge(leaf("keyEncipherment"), for: .encryption)) == [.keyUsage])
        #expect(try judge(leaf("keyEncipherment", key: "rsa:2048"), for: .encryption).isValid)
        #expect(try codes(judge(leaf("digitalSignature", key: "rsa:2048"), for: .encryption)) == [.keyUsage])
        #expect(try judge(leaf("digitalSignature", "anyExtendedKeyUsage")).isValid)
        #expect(try judge(leaf("digitalSignature", "clientAuth,emailProtection")).isValid)
        #expect(try codes(judge(leaf("digitalSignature", "clientAuth,serverAuth"))) == [.extendedKeyUsage])
        #expect(try judge(openssl.issue("plain", by: "root", extensions: [])).isValid)
    }

    @Test func wantsAuthoritiesToBeSuch() throws {
        func chain(_ extensions: [String]) throws -> ChainResult {
            let middle = try openssl.issue("middle", by: "root", extensions: extensions)
            return try judge(openssl.issue("leaf", by: "middle"), with: [middle])
        }
        #expect(try chain(OpenSSL.rootExtensions).isValid)
        #expect(try chain(["basicConstraints=CA:false"]).failed(.notAuthority))
        #expect(try chain([]).failed(.notAuthority))
        #expect(try chain(["keyUsage=keyCertSign"]).failed(.notAuthority))
        #expect(try !chain(["basicConstraints=critical,CA:true", "keyUsage=digitalSignature"]).isValid)
        #expect(try codes(chain(OpenSSL.rootExtensions + ["extendedKeyUsage=serverAuth"])) == [.extendedKeyUsage])
        #expect(try chain(OpenSSL.rootExtensions + ["extendedKeyUsage=serverAuth,emailProtection"]).isValid)
    }

    @Test func limitsPathsAndNames() throws {
        let first = try openssl.issue(
            "first", by: "root", extensions: ["basicConstraints=critical,CA:true,pathlen:0", "keyUsage=keyCertSign"])
        let second = try openssl.issue("second", by: "first", extensions: OpenSSL.rootExtensions)
        #expect(try judge(openssl.issue("near", by: "first"), with: [first]).isValid)
        #expect(try codes(judge(openssl.issue("far", by: "second"), with: [first, second])) == [.pathTooLong])

        let limited = try openssl.issue(
            "limited", by: "root",
            extensions: OpenSSL.rootExtensions + ["nameConstraints=critical,permitted;email:example.org"])
        #expect(try judge(openssl.issue("in", by: "limited"), with: [limited]).isValid)
        for name in [
            "email:ann@example.com", "email:ann@sub.example.org", "otherName:1.3.6.1.5.5.7.8.9;UTF8:a@example.com",
        ] {
            let outside = try openssl.issue("out", by: "limited", extensions: ["subjectAltName=\(name)"])
            #expect(try codes(judge(outside, with: [limited])) == [.nameConstraints])
        }
    }

    @Test func refusesWeakHashesAndKeys() throws {
        #expect(try codes(judge(openssl.issue("a", by: "root", options: "-sha1"))) == [.weakHash])
        #expect(try codes(judge(openssl.issue("c", by: "root", key: "rsa:1024"))) == [.weakKey])
        #expect(try codes(judge(openssl.issue("d", by: "root", key: "secp224r1"))) == [.weakKey])
        #expect(try judge(openssl.issue("e", by: "root", key: "P-521", options: "-sha512")).isValid)
        let old = ChainPolicy(revocation: .off, minimumRSABits: 1024, allowsSHA1: true)
        #expect(try judge(openssl.issue("f", by: "root", key: "rsa:1024", options: "-sha1"), policy: old).isValid)

        try openssl.certificate("rsa", key: "rsa:2048", subject: "/CN=rsa", extensions: OpenSSL.rootExtensions)
        let pss = try openssl.issue(
            "g", by: "rsa", options: "-sha256 -sigopt rsa_padding_mode:pss")
        #expect(try judge(pss, store: [openssl.certificate(named: "rsa")]).isValid)
        let broken = try openssl.issue("m", by: "rsa", options: "-md5")
        #expect(try codes(judge(broken, store: [openssl.certificate(named: "rsa")], policy: old)) == [.weakHash])
        let weak = try openssl.issue("h", by: "rsa", options: "-sha1 -sigopt rsa_padding_mode:pss")
        #expect(try codes(judge(weak, store: [openssl.certificate(named: "rsa")])) == [.weakHash])
    }

    @Test func refusesWhatItDoesNotUnderstand() throws {
        let leaf = try openssl.issue("a", by: "root", extensions: ["1.2.3.4=critical,DER:0500"])
        #expect(try codes(judge(leaf)) == [.criticalExtension])
        #expect(try judge(openssl.issue("b", by: "root", extensions: ["1.2.3.4=DER:0500"])).isValid)
        let damaged = try openssl.issue("c", by: "root", extensions: ["2.5.29.17=DER:300101"])
        #expect(try judge(damaged).failed(.malformed))
        #expect(damaged.emailAddresses.isEmpty)
    }

    @Test func asksRevocationLists() throws {
        let leaf = try openssl.issue("leaf", by: "root", serial: 0x4D)
        let hard = ChainPolicy(revocation: .hard)
        let soft = ChainPolicy(revocation: .soft)
        let clean = try openssl.revocationList(by: "root")
        #expect(try judge(leaf, crls: [clean], policy: hard).isValid)
        #expect(try codes(judge(leaf, policy: hard)) == [.listMissing])
        let unknown = try judge(leaf, policy: soft)
        #expect(unknown.isValid)
        #expect(unknown.notes.map(\.code).contains(.listMissing))
        #expect(try codes(judge(leaf, crls: [clean], after: 50, policy: hard)) == [.listExpired])
        #expect(try judge(leaf, crls: [clean], after: 50, policy: soft).notes.contains { $0.code == .listExpired })

        let gone = try openssl.revocationList(by: "root", [("4D", "200101000000Z", "keyCompromise")])
        for policy in [hard, soft] {
            let result = try judge(leaf, crls: [clean, gone], policy: policy)
            #expect(result.failed(.revoked) || result.isValid)
            let revoked = try judge(leaf, crls: [gone], policy: policy)
            #expect(codes(revoked) == [.revoked])
            #expect(
                revoked.failures.first?.revocation == RevocationEntry(date: 1_577_836_800, reason: .keyCompromise))
            #expect(try judge(leaf, crls: [gone], after: 50, policy: policy).failed(.revoked))
        }
        #expect(try judge(leaf, crls: [gone]).isValid, "revocation is off")

        // A list of somebody else who has the same name.
        try openssl.certificate("forged", key: "P-256", subject: "/CN=root", extensions: OpenSSL.rootExtensions)
        let forged = try openssl.revocationList(by: "forged")
        #expect(try !judge(leaf, crls: [forged], policy: hard).isValid)
    }

    @Test(arguments: [
        ("superseded", true), ("cessationOfOperation", true), ("affiliationChanged", true), ("keyCompromise", false),
        ("unspecified", false), ("CACompromise", false),
    ]) func tellsRevocationThatLeavesOldSignaturesAlone(_ reason: String, _ isSoft: Bool) throws {
        let leaf = try openssl.issue("leaf", by: "root", serial: 0x4D)
        let list = try openssl.revocationList(by: "root", [("4D", "300101000000Z", reason)])
        let policy = ChainPolicy(revocation: .hard)
        let before = try judge(leaf, crls: [list], signedAfter: 1, after: 2, policy: policy)
        #expect(codes(before) == [isSoft ? .revokedSince : .revoked])
        let old = try openssl.revocationList(by: "root", [("4D", "200101000000Z", reason)])
        #expect(try codes(judge(leaf, crls: [old], signedAfter: 1, after: 2, policy: policy)) == [.revoked])
    }
}
