import CMS
import Foundation
import MIME
import TestSupport
import Testing

@Suite struct X509CertificateTests {
    @Test func readsWhatACertificateSays() throws {
        let openssl = try OpenSSL()
        try openssl.certificate(
            "a", key: "P-256", subject: "/O=Müller, Söhne/CN=Ann\u{1}",
            extensions: [
                "subjectAltName=@names", "basicConstraints=critical,CA:true,pathlen:2",
                "keyUsage=critical,digitalSignature,keyAgreement", "extendedKeyUsage=emailProtection,1.2.3.4",
            ],
            config: """
                [names]
                email.1=Ann@Example.ORG
                otherName.1=1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:änn@xn--bcher-kva.example
                """)
        let certificate = try X509Certificate(pem: openssl.read("a.pem"))
        let der = try openssl("x509 -in @a.pem -outform DER")
        #expect(certificate.der == der)
        #expect(try X509Certificate(der: der) == certificate)
        #expect(certificate.subject.text == "CN=Ann\\01,O=Müller\\, Söhne")
        #expect(certificate.isSelfIssued)
        let serial = String(decoding: try openssl("x509 -in @a.pem -noout -serial"), as: UTF8.self)
        #expect(serial == "serial=\(certificate.serial)\n")
        #expect(certificate.identity.issuer == certificate.issuer.der)
        #expect(certificate.notAfter - certificate.notBefore == 30 * 86400)
        #expect(certificate.keyAlgorithm == .ec("prime256v1", 256))
        #expect(certificate.keyUsage == [.digitalSignature, .keyAgreement])
        #expect(certificate.extendedKeyUsage == [X509Certificate.emailProtection, "1.2.3.4"])
        #expect(certificate.basicConstraints == BasicConstraints(isAuthority: true, pathLength: 2))
        #expect(certificate.subjectKeyIdentifier?.count == 20)
        let print = String(decoding: try openssl("x509 -in @a.pem -noout -fingerprint -sha256"), as: UTF8.self)
        #expect(Hex.bytes(String(print.split(separator: "=")[1])) == (try certificate.fingerprint))
        #expect(certificate.emailAddresses.map(\.kind) == [.rfc822Name, .smtpUTF8Mailbox])
        #expect(certificate.emailAddresses[0].address == EmailAddress("Ann@example.org"))
        #expect(certificate.emailAddresses[1].address == EmailAddress("änn@bücher.example"))
    }

    @Test func matchesExactlyTheAddressesItNames() throws {
        let openssl = try OpenSSL()
        try openssl.certificate(
            "a", key: "P-256", subject: "/CN=x/emailAddress=subject@example.org",
            extensions: ["subjectAltName=email:Ann@Example.ORG,otherName:1.3.6.1.5.5.7.8.9;UTF8:plain@example.org"])
        let certificate = try X509Certificate(pem: openssl.read("a.pem"))
        func matches(_ text: String) throws -> Bool {
            certificate.matches(address: try #require(EmailAddress(text)))
        }
        #expect(try matches("Ann@example.org"))
        #expect(try matches("Ann@EXAMPLE.org"))
        for other in [
            "ann@example.org", "Ann+x@example.org", "Ann@example.com", "\" Ann\"@example.org", "A.nn@example.org",
        ] {
            #expect(try !matches(other))
        }
        // The subject does not count beside a subjectAltName, nor does an SmtpUTF8Mailbox that needs none.
        #expect(try !matches("subject@example.org"))
        #expect(try !matches("plain@example.org"))
    }

    @Test(arguments: [
        (" ann@example.org", false), ("ann@example.org ", false), ("Ann <ann@example.org>", false),
        ("ann@example.org", true), ("ann@example.org\u{0}.evil.example", false), ("ann@example.org,x@y.example", false),
        ("ann@ex ample.org", false), ("änn@example.org", false), ("\"ann\"@example.org", true),
        ("(x)ann@example.org", false),
    ]) func takesNothingButAnAddressForOne(_ name: String, _ fits: Bool) throws {
        let openssl = try OpenSSL()
        let hex = Hex.string(Array(name.utf8))
        // The config language has no way to write NUL: the extension is given as octets.
        let length = name.utf8.count
        let extensionOctets = "30" + Hex.string([UInt8(length + 2), 0x81, UInt8(length)]) + hex
        try openssl.certificate("a", key: "P-256", extensions: ["2.5.29.17=DER:" + extensionOctets])
        let certificate = try X509Certificate(pem: openssl.read("a.pem"))
        #expect(certificate.emailAddresses.map(\.raw) == [Array(name.utf8)])
        #expect(certificate.matches(address: try #require(EmailAddress("ann@example.org"))) == fits)
    }

    @Test func takesTheSubjectAttributeWhereThereIsNoAlternativeName() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256", subject: "/CN=x/emailAddress=ann@example.org")
        try openssl.certificate(
            "b", key: "P-256", subject: "/CN=x/emailAddress=ann@example.org",
            extensions: ["subjectAltName=DNS:example.org"])
        let address = try #require(EmailAddress("ann@example.org"))
        #expect(try X509Certificate(pem: openssl.read("a.pem")).matches(address: address))
        let other = try X509Certificate(pem: openssl.read("b.pem"))
        #expect(!other.matches(address: address))
        #expect(other.emailAddresses.isEmpty)
        #expect(other.keyUsage == nil)
        #expect(other.extendedKeyUsage == nil)
    }

    @Test func refusesWhatIsNotDER() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256")
        let der = try X509Certificate(pem: openssl.read("a.pem")).der
        #expect(throws: CMSError(.malformed, "")) { try X509Certificate(der: der + [0]) }
        #expect(throws: CMSError(.malformed, "")) { try X509Certificate(der: []) }
        for count in stride(from: 1, to: der.count, by: 7) {
            #expect(throws: CMSError(.malformed, "")) { try X509Certificate(der: Array(der.prefix(count))) }
        }
        #expect(throws: CMSError(.limitExceeded, "")) {
            try X509Certificate(der: [UInt8](repeating: 0x30, count: X509Certificate.maximumSize + 1))
        }
        #expect(throws: CMSError(.unexpectedData, "")) { try X509Certificate(pem: Array("hello".utf8)) }
    }

    @Test func readsAndWritesFilesOfMany() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256")
        try openssl.certificate("b", key: "P-384")
        let both = try openssl.read("a.pem") + Array("text between\n".utf8) + openssl.read("b.pem")
        let certificates = try X509Certificate.parseAll(both)
        #expect(certificates.count == 2)
        #expect(try X509Certificate.parseAll(certificates[0].der) == [certificates[0]])
        #expect(try X509Certificate.parseAll(certificates[1].pem) == [certificates[1]])

        try openssl("crl2pkcs7 -nocrl -certfile @a.pem -certfile @b.pem -out @p7.pem")
        #expect(try Set(X509Certificate.parseAll(openssl.read("p7.pem"))) == Set(certificates))
        try openssl("crl2pkcs7 -nocrl -certfile @a.pem -certfile @b.pem -outform DER -out @p7.der")
        #expect(try Set(X509Certificate.parseAll(openssl.read("p7.der"))) == Set(certificates))

        let ours = X509Certificate.certificatesOnly(certificates)
        #expect(try Set(X509Certificate.parseAll(ours)) == Set(certificates))
        let printed = String(decoding: try openssl("pkcs7 -inform DER -print_certs", input: ours), as: UTF8.self)
        #expect(printed.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
        #expect(try X509Certificate.parseAll(X509Certificate.certificatesOnly([])).isEmpty)
        #expect(
            try X509Certificate.parseAll(
                Array("-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n".utf8)
            ).isEmpty)
    }

    @Test func survivesAColonInALabel() throws {
        #expect(throws: CMSError(.malformed, "")) {
            try X509Certificate.parseAll(Array("-----BEGIN A:B-----\n-----END A:B-----\n".utf8))
        }
    }
}
