import CMS
import Foundation
import Libcrypto
import TestSupport
import Testing

@Suite struct PKCS12Tests {
    private static let password = SecretBytes(copying: Array("geheim Ü".utf8))
    private let openssl: OpenSSL

    init() throws {
        openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256", subject: "/CN=a")
        try openssl.certificate("b", key: "P-256", subject: "/CN=b")
        try openssl.folder.write("pass", "geheim Ü\n")
    }

    private func export(_ options: String, password: String? = nil) throws -> [UInt8] {
        let password = password ?? "file:\(openssl.folder.file("pass"))"
        return try openssl(
            "pkcs12 -export \(options) -in @a.pem -inkey @a.key -certfile @b.pem -passout \(password)")
    }

    @Test(arguments: [
        ("", false), ("-legacy", true), ("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", true),
        ("-keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC4-128 -legacy", true), ("-keypbe NONE -certpbe NONE", false),
        ("-nomac", false), ("-macalg sha512 -iter 5000", false), ("-keypbe des-cbc -certpbe aes-128-cbc -legacy", true),
    ]) func opensWhatOpenSSLMakes(_ options: String, _ isOld: Bool) throws {
        let file = try export(options)
        let opened = try PKCS12(file, password: Self.password)
        #expect(opened.keys.count == 1)
        #expect(opened.certificates.count == 2)
        #expect(opened.identities.first?.certificates == [try openssl.certificate(named: "a")])
        #expect(opened.usesLegacyAlgorithms == isOld)
        if isOld {
            #expect(throws: CMSError(.refusedByPolicy, "")) {
                try PKCS12(file, password: Self.password, legacy: .refused)
            }
        }
        if !options.contains("NONE") {
            #expect(throws: CMSError(.wrongPassword, "")) { try PKCS12(file, password: SecretBytes(copying: [65])) }
        }
    }

    @Test func takesTheEmptyPassword() throws {
        let file = try export("", password: "pass:")
        #expect(try PKCS12(file, password: SecretBytes(copying: [])).keys.count == 1)
    }

    @Test(arguments: ["geheim Ü", ""]) func writesWhatOpenSSLOpens(_ password: String) throws {
        let secret = SecretBytes(copying: Array(password.utf8))
        let key = try CMSPrivateKey(SecretBytes(copying: openssl.read("a.key")))
        let certificate = try openssl.certificate(named: "a")
        let other = try openssl.certificate(named: "b")
        let file = try PKCS12.make(
            key: key, certificate: certificate, chain: [certificate, other], name: "Änn", password: secret)
        try openssl.folder.write("out.p12", file)
        try openssl.folder.write("pass", password + "\n")
        let pass = "-passin file:\(openssl.folder.file("pass"))"
        #expect(try openssl("pkcs12 -in @out.p12 -nocerts -nodes \(pass)").count > 100)
        let info = try Shell.run(
            "openssl",
            ["pkcs12", "-in", openssl.folder.file("out.p12"), "-info", "-noout"]
                + pass.split(separator: " ").map(String.init))
        #expect(info.error.contains("MAC: sha256"))
        #expect(info.error.components(separatedBy: "PBES2, PBKDF2, AES-256-CBC").count == 3)
        let opened = try PKCS12(file, password: secret, legacy: .refused)
        #expect(opened.keys.first?.pkcs8 == key.pkcs8)
        #expect(Set(opened.certificates) == [certificate, other])
        #expect(throws: CMSError(.keyMismatch, "")) {
            try PKCS12.make(key: key, certificate: other, password: secret)
        }
    }

    @Test(.enabled(if: Shell.has("gpgsm"))) func opensWhatGpgsmMakes() throws {
        let home = try TemporaryDirectory("gpgsm")
        let environment = ["GNUPGHOME": home.path]
        defer { _ = try? Shell.run("gpgconf", ["--kill", "all"], environment: environment) }
        try openssl.certificate("r", key: "rsa:2048", subject: "/CN=r")
        let certificate = try openssl.certificate(named: "r")
        let secret = SecretBytes(copying: Array("abc".utf8))
        let options = ["--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        // GnuPG 2.2 derives the wrong key of 3DES where a number on the way to it begins with a zero octet, with one salt of
        // 140: it does not read what others wrote with it, nor they what it wrote. Another file has another salt.
        for _ in 0..<5 {
            // It takes the old algorithms only.
            try openssl("pkcs12 -export -legacy -in @r.pem -inkey @r.key -passout pass:abc -out @r.p12")
            let imported = try Shell.run(
                "gpgsm", options + ["--import", openssl.folder.file("r.p12")], input: Array("abc".utf8),
                environment: environment)
            if imported.status == 0 { break }
        }
        var exported: [UInt8] = []
        for _ in 0..<5 {
            exported = try Shell.check(
                "gpgsm", options + ["--export-secret-key-p12", "/CN=r"], input: Array("abc".utf8),
                environment: environment)
            try openssl.folder.write("exported.p12", exported)
            let check = ["pkcs12", "-legacy", "-passin", "pass:abc", "-nodes", "-noout", "-in"]
            if try Shell.run("openssl", check + [openssl.folder.file("exported.p12")]).status == 0 { break }
        }
        let opened = try PKCS12(exported, password: secret)
        #expect(opened.identities.first?.certificates == [certificate])
    }

    @Test func refusesABomb() throws {
        // The iteration count of the MAC is the last INTEGER of the file.
        var file = try export("-keypbe NONE -certpbe NONE -macalg sha1 -iter 1000")
        #expect(file.suffix(4) == [0x02, 0x02, 0x03, 0xE8])
        file.replaceSubrange(file.count - 2..<file.count, with: [0x7F, 0xFF])
        #expect(throws: CMSError(.wrongPassword, "")) { try PKCS12(file, password: Self.password) }
        // Four octets: the lengths of the file and of MacData grow by two.
        file.replaceSubrange(file.count - 4..<file.count, with: [0x02, 0x04, 0x7F, 0xFF, 0xFF, 0xFF])
        let mac = try #require(
            file.indices.dropLast(40).last { file[$0] == 0x30 && Int(file[$0 + 1]) == file.count - 2 - $0 - 2 })
        file[mac + 1] += 2
        let length = Int(file[2]) << 8 | Int(file[3]) + 2
        file[2] = UInt8(length >> 8)
        file[3] = UInt8(length & 255)
        #expect(throws: CMSError(.limitExceeded, "")) { try PKCS12(file, password: Self.password) }
    }

    @Test func survivesDamage() throws {
        let file = try export("-iter 1")
        for index in stride(from: 0, to: file.count, by: 3) {
            var damaged = file
            damaged[index] ^= 0x15
            _ = try? PKCS12(damaged, password: Self.password)
            #expect(throws: CMSError.self) { try PKCS12(Array(file.prefix(index)), password: Self.password) }
        }
    }
}
