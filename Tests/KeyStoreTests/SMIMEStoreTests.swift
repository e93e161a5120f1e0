import CMS
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import KeyStore

@Suite(.onEachEngine) struct SMIMEStoreTests {
    private static let shared = Result { try OpenSSLAuthority() }
    private let authority: OpenSSLAuthority
    private let directory: TemporaryDirectory
    private let keyPath: String
    private var path: String { directory.file("guardd.db") }

    init() throws {
        authority = try Self.shared.get()
        directory = try TemporaryDirectory()
        keyPath = directory.file("master.key")
        try MasterKey.create(path: keyPath)
    }

    private func open() throws -> KeyStore { try KeyStore(at: path, master: MasterKey.load(path: keyPath)) }

    private func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    @Test func findsWhatItWasGiven() throws {
        let bob = try authority.issue("Bob@example.org", .p256)
        let certificate = try X509Certificate(pem: bob.certificate)
        let store = try open()
        let before = try store.changeCounter()
        #expect(try store.importSMIME([certificate], provenance: .message).map(\.outcome) == [.new])
        #expect(try store.importSMIME([certificate], provenance: .message).map(\.outcome) == [.unchanged])
        #expect(try store.changeCounter() == before + 1)
        #expect(try store.importSMIME([certificate], provenance: .adminImport).map(\.outcome) == [.updated])
        #expect(
            try store.importSMIME([certificate], provenance: .message, capabilities: .own).map(\.outcome) == [.updated])
        let known = try #require(try store.smimeCertificates(for: address("Bob@EXAMPLE.org")).first)
        #expect(known.certificate == certificate)
        #expect(known.provenance == .adminImport)
        #expect(known.capabilities == .own)
        #expect(!known.hasPrivateKey)
        // The local part is exactly the one in the certificate.
        #expect(try store.smimeCertificates(for: address("bob@example.org")).isEmpty)
        let identifiers: [CertificateIdentifier] = [
            .issuerAndSerial(certificate.identity),
            .subjectKeyIdentifier(try #require(certificate.subjectKeyIdentifier)),
        ]
        for identifier in identifiers {
            #expect(try store.smimeCertificates(for: [identifier]).map(\.certificate) == [certificate])
        }
        try store.deleteSMIME(certificate.fingerprintHex)
        #expect(try store.smimeCertificates(for: address("Bob@example.org")).isEmpty)
        #expect(throws: KeyStoreError(.notFound, "")) { try store.deleteSMIME(certificate.fingerprintHex) }
    }

    @Test func privateKeysAreSealedAndSurviveARotation() throws {
        let alice = try authority.issue("alice@example.org", .rsa)
        let certificate = try X509Certificate(pem: alice.certificate)
        let key = try CMSPrivateKey(SecretBytes(copying: alice.privateKey))
        let other = try CMSPrivateKey(SecretBytes(copying: authority.issue("eve@example.org", .p256).privateKey))
        let anchor = try X509Certificate(pem: authority.folder.read("ca.pem"))
        let store = try open()
        #expect(throws: KeyStoreError(.unusableInput, "")) {
            try store.importSMIMEKey(other, certificate: certificate)
        }
        #expect(try store.importSMIMEKey(key, certificate: certificate, chain: [anchor]).hasPrivateKey)
        #expect(try store.smimeIssuers(of: certificate) == [anchor])
        #expect(throws: KeyStoreError(.hasSecretKey, "")) { try store.deleteSMIME(certificate.fingerprintHex) }
        let rotated = try store.rotateMasterKey()
        #expect(rotated.resealed == 1)
        try store.close()
        let again = try open()
        let known = try #require(try again.smimeCertificate(certificate.fingerprintHex))
        #expect(known.provenance == .own)
        #expect(known.privateKey?.pkcs8 == key.pkcs8)
        try again.close()
        if EngineUnderTest.current == .sqlite {
            // Nothing of the key is in the file.
            let bytes = try directory.read("guardd.db")
            let secret = key.pkcs8.withBytes { span in span.indices.suffix(64).map { span[$0] } }
            #expect(
                !bytes.indices.dropLast(64).contains {
                    bytes[$0] == secret[0] && bytes[$0..<$0 + 64].elementsEqual(secret)
                }
            )
        }
        let last = try open()
        try last.deleteSMIME(certificate.fingerprintHex, includingSecret: true)
        #expect(try last.smimeCertificate(certificate.fingerprintHex) == nil)
    }
}
