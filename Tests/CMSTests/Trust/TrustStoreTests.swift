import CMS
import TestSupport
import Testing

@Suite struct TrustStoreTests {
    @Test func readsABundleAndADirectory() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256", subject: "/CN=a")
        try openssl.certificate("b", key: "P-256", subject: "/CN=b")
        let bundle = try TemporaryDirectory()
        let damaged = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        try bundle.write("all.pem", openssl.read("a.pem") + damaged + openssl.read("b.pem"))
        let store = try TrustStore(path: bundle.file("all.pem"))
        #expect(store.certificates.map(\.subject.text) == ["CN=a", "CN=b"])
        #expect(store.skipped.count == 1)

        try bundle.write("one.crt", openssl.certificate(named: "a").der)
        try bundle.write("readme.txt", "no certificate")
        try bundle.write(".hidden.pem", "no certificate")
        let directory = try TrustStore(path: bundle.path)
        #expect(directory.certificates.count == 2)
        #expect(directory.skipped.count == 1)
        #expect(throws: CMSError(.fileFailed, "")) { try TrustStore(path: bundle.file("missing")) }
    }

    @Test(.enabled(if: (try? TrustStore(path: TrustStore.systemBundle)) != nil)) func readsTheBundleOfTheSystem() throws
    {
        let store = try TrustStore(path: TrustStore.systemBundle)
        #expect(store.certificates.count > 50)
        #expect(store.skipped.isEmpty)
    }
}
