import CMS
import Libcrypto
import MIME
import TestSupport
import Testing

@Suite struct CertificateAuthorityTests {
    private static let now: Int64 = 1_790_000_000
    private static let day: Int64 = 86_400

    private func authority(
        _ kind: GeneratedKeyKind = .p256, domains: [String] = []
    ) throws -> CertificateAuthority {
        try CertificateAuthority.create(
            name: #require(CertificateName(commonName: "Tëst CA", organization: "Example")), key: .generate(kind),
            domains: domains.map { DomainName($0) }, at: Self.now, days: 3650)
    }

    private func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }
    private func name(_ text: String) throws -> CertificateName { try #require(CertificateName(commonName: text)) }

    @Test(arguments: GeneratedKeyKind.allCases) func issuesWhatValidates(_ kind: GeneratedKeyKind) throws {
        let authority = try authority(kind == .rsa3072 ? .rsa3072 : .p384)
        let key = try CMSPrivateKey.generate(kind)
        let ann = try address("Ann@example.org")
        let certificate = try authority.issue(
            key: key, name: name("Ann"), addresses: [ann, address("änn@bücher.example")], at: Self.now, days: 365)
        #expect(key.matches(certificate))
        #expect(certificate.matches(address: ann))
        #expect(certificate.emailAddresses.map(\.kind) == [.rfc822Name, .smtpUTF8Mailbox])
        #expect(try certificate.matches(address: address("änn@xn--bcher-kva.example")))
        #expect(certificate.identity.serial.count == 20)
        #expect(certificate.notAfter == Self.now + 365 * Self.day)
        #expect(certificate.extendedKeyUsage == [X509Certificate.emailProtection])
        let store = try TrustStore([authority.certificate])
        let list = try authority.revocationList([], number: 1, at: Self.now, days: 30)
        for purpose in [ChainPurpose.signing, .encryption] {
            let result = ChainValidator.validate(
                certificate, store: store, crls: [list], now: Self.now + Self.day, purpose: purpose,
                policy: ChainPolicy(revocation: .hard))
            #expect(result.isValid, "\(result.failures)")
        }

        let openssl = try OpenSSL()
        try openssl.folder.write("ca.pem", authority.certificate.pem)
        try openssl.folder.write("ee.pem", certificate.pem)
        try openssl.folder.write("l.pem", list.pem)
        try openssl(
            "verify -x509_strict -purpose smimesign -crl_check -attime \(Self.now + Self.day) -CAfile @ca.pem -CRLfile @l.pem @ee.pem"
        )
        let text = String(decoding: try openssl("x509 -in @ee.pem -noout -text"), as: UTF8.self)
        #expect(text.contains("email:Ann@example.org"))
        let locked = try key.lockedPEM(password: SecretBytes(copying: [0x78]))
        #expect(try !openssl("pkey -passin pass:x", input: locked).isEmpty)
    }

    @Test func issuesForARequestOfSomebodyElse() throws {
        let authority = try authority()
        let openssl = try OpenSSL()
        try openssl.folder.write(
            "req.cnf",
            "[req]\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\n[ext]\nsubjectAltName=email:ann@example.org\n")
        let pem = try openssl(
            "req -new -newkey rsa:2048 -nodes -subj /CN=Ann/emailAddress=other@example.org -keyout @k.pem -config @req.cnf"
        )
        let request = try CertificateRequest(pem)
        #expect(request.emailAddresses.map(\.address) == [try address("ann@example.org")])
        #expect(request.keyAlgorithm == .rsa(2048))
        #expect(request.subject.text.contains("CN=Ann"))
        let certificate = try authority.issue(
            request: request, name: name("Ann"), addresses: [address("ann@example.org")], at: Self.now, days: 10)
        #expect(try CMSPrivateKey(SecretBytes(copying: openssl.read("k.pem"))).matches(certificate))
        #expect(certificate.keyUsage == [.digitalSignature, .keyEncipherment])

        var forged = request.der
        forged[forged.count - 1] ^= 1
        #expect(throws: CMSError(.badSignature, "")) { try CertificateRequest(forged) }
        #expect(throws: CMSError(.malformed, "")) { try CertificateRequest(Array(request.der.dropLast())) }
        #expect(throws: CMSError(.malformed, "")) { try CertificateRequest(request.der + [0]) }
        let weak = try openssl(
            "req -new -newkey rsa:1024 -nodes -subj /CN=Ann -keyout @w.pem -config @req.cnf -outform DER")
        #expect(throws: CMSError(.refusedByPolicy, "")) {
            try authority.issue(
                request: CertificateRequest(weak), name: name("Ann"), addresses: [address("ann@example.org")],
                at: Self.now, days: 10)
        }
    }

    @Test(arguments: [GeneratedKeyKind.rsa2048, .p256]) func writesRequestsThatOpenSSLReads(_ kind: GeneratedKeyKind)
        throws
    {
        let key = try CMSPrivateKey.generate(kind)
        let request = try CertificateRequest(key: key, name: name("Ann"), addresses: [address("ann@example.org")])
        #expect(try CertificateRequest(request.pem).emailAddresses == request.emailAddresses)
        let text = String(
            decoding: try OpenSSL()("req -verify -noout -text", input: request.pem), as: UTF8.self)
        #expect(text.contains("email:ann@example.org"))
        #expect(text.contains("Subject: CN = Ann"))
        let bare = try CertificateRequest(key: key, name: name("Ann"), addresses: [])
        #expect(bare.emailAddresses.isEmpty)
    }

    @Test func revokes() throws {
        let authority = try authority()
        let certificate = try authority.issue(
            key: .generate(.p256), name: name("Ann"), addresses: [address("ann@example.org")], at: Self.now, days: 365)
        let entry = RevocationEntry(date: Self.now + 5, reason: .superseded)
        let list = try authority.revocationList(
            [.init(certificate.identity, entry), .init(CertificateIdentity(issuer: [0x30, 0], serial: [1]), entry)],
            number: 300, at: Self.now + 10, days: 30)
        #expect(list.entry(for: certificate) == entry)
        let text = String(decoding: try OpenSSL()("crl -noout -text", input: list.pem), as: UTF8.self)
        #expect(text.contains("Superseded"))
        #expect(text.components(separatedBy: "Serial Number").count == 2)
        let result = ChainValidator.validate(
            certificate, store: try TrustStore([authority.certificate]), crls: [list], now: Self.now + 20,
            purpose: .signing)
        #expect(result.failures.map(\.code) == [.revoked])
    }

    @Test func keepsToItsDomains() throws {
        let authority = try authority(domains: ["example.org"])
        let store = try TrustStore([authority.certificate])
        for (text, isValid) in [("ann@example.org", true), ("ann@example.com", false), ("änn@example.org", true)] {
            let certificate = try authority.issue(
                key: .generate(.p256), name: name("Ann"), addresses: [address(text)], at: Self.now, days: 365)
            let result = ChainValidator.validate(certificate, store: store, now: Self.now + 20, purpose: .signing)
            #expect(result.isValid == isValid, "\(text) \(result.failures)")
        }
    }

    @Test func refusesWhatIsNoAuthority() throws {
        let authority = try authority()
        let key = try CMSPrivateKey.generate(.p256)
        let leaf = try authority.issue(
            key: key, name: name("Ann"), addresses: [address("ann@example.org")], at: Self.now, days: 365)
        #expect(throws: CMSError(.invalidArgument, "")) { try CertificateAuthority(certificate: leaf, key: key) }
        #expect(throws: CMSError(.keyMismatch, "")) {
            try CertificateAuthority(certificate: authority.certificate, key: key)
        }
        #expect(throws: CMSError(.invalidArgument, "")) {
            try authority.issue(key: key, name: name("Ann"), addresses: [], at: Self.now, days: 365)
        }
        #expect(throws: CMSError(.invalidArgument, "")) {
            try authority.issue(
                key: key, name: name("Ann"), addresses: [address("ann@example.org")], at: Self.now, days: 0)
        }
        #expect(CertificateName(commonName: "") == nil)
        #expect(CertificateName(commonName: "a\nb") == nil)
    }

    @Test func writesYearsAfter2049() throws {
        let authority = try CertificateAuthority.create(
            name: name("Old"), key: .generate(.p256), at: 2_524_607_990, days: 1)
        #expect(authority.certificate.notBefore == 2_524_607_990)
        #expect(authority.certificate.notAfter == 2_524_607_990 + Self.day)
    }
}
