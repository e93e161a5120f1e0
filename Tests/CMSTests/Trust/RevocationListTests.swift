import CMS
import TestSupport
import Testing

@Suite struct RevocationListTests {
    @Test func readsListsAndTheirEntries() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("root", key: "P-256", subject: "/CN=root", extensions: OpenSSL.rootExtensions)
        let leaf = try openssl.issue("leaf", by: "root", serial: 0x1234)
        let other = try openssl.issue("other", by: "root", serial: 0x1235)
        let list = try openssl.revocationList(
            by: "root", [("1234", "240229120000Z", "superseded"), ("77", "240101000000Z", "removeFromCRL")])
        #expect(list.issuer.text == "CN=root")
        #expect(list.nextUpdate.map { $0 - list.thisUpdate } == Int64(864_000))
        #expect(list.entry(for: leaf) == RevocationEntry(date: 1_709_208_000, reason: .superseded))
        #expect(list.entry(for: other) == nil)
        #expect(try RevocationList(der: list.der).issuer == list.issuer)
        #expect(throws: CMSError(.malformed, "")) { try RevocationList(der: Array(list.der.dropLast())) }
        #expect(throws: CMSError(.malformed, "")) { try RevocationList(der: list.der + [0]) }

        let folder = try TemporaryDirectory()
        try folder.write("a.crl", list.pem + list.pem)
        try folder.write("b.crl", list.der)
        try folder.write("c.crl", "rubbish")
        let (lists, skipped) = try RevocationList.load(path: folder.path)
        #expect(lists.count == 3)
        #expect(skipped.count == 1)
    }
}
