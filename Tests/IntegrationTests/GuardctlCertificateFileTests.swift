import Foundation
import TestSupport
import Testing

/// `guardctl inspect` for files of certificates, all made by OpenSSL.
@Suite struct GuardctlCertificateFileTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory("certificates")
        try folder.write("pass", "geheim\n")
        try openssl(
            "req -x509 -newkey rsa:2048 -nodes -keyout @a.key -out @a.pem -days 30 -subj /O=Example/CN=Ann"
                + " -addext subjectAltName=email:ann@example.org")
        try openssl("req -x509 -newkey ed25519 -nodes -keyout @b.key -out @b.pem -days 30 -subj /CN=Authority")
    }

    @discardableResult private func openssl(_ words: String) throws -> [UInt8] {
        try Shell.check("openssl", arguments(words))
    }

    private func arguments(_ words: String) -> [String] {
        words.split(separator: " ").map { word in
            word.hasPrefix("@") ? folder.file(String(word.dropFirst())) : String(word)
        }
    }

    private func inspect(_ words: String, status: Int32 = 0) throws -> Shell.Result {
        let result = try Shell.run(Executable.path("guardctl"), ["inspect"] + arguments(words))
        #expect(result.status == status, "\(words): \(result.error)")
        return result
    }

    private struct Report: Decodable {
        struct Certificate: Decodable {
            let subject: String
            let issuer: String
            let serial: String
            let addresses: [String]
            let keyAlgorithm: String
            let signatureAlgorithm: String
            let authority: Bool
            let hasPrivateKey: Bool
        }
        struct Key: Decodable { let algorithm: String }

        let form: String
        let oldAlgorithms: Bool
        let certificates: [Certificate]
        let keys: [Key]
    }

    private func report(_ words: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(inspect(words + " --json").output))
    }

    @Test(arguments: [
        ("", false), ("-legacy", true), ("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", true),
        ("-keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40 -legacy", true),
    ]) func readsPKCS12(_ options: String, _ isOld: Bool) throws {
        try openssl(
            "pkcs12 -export \(options) -in @a.pem -inkey @a.key -certfile @b.pem"
                + " -passout file:\(folder.file("pass")) -out @a.p12")
        let found = try report("@a.p12 --password-file @pass")
        #expect(found.form == "pkcs12" && found.oldAlgorithms == isOld)
        #expect(found.keys.map(\.algorithm) == ["RSA-2048"])
        let own = try #require(found.certificates.first { $0.hasPrivateKey })
        #expect(own.addresses == ["ann@example.org"] && own.subject.contains("Ann") && own.issuer == own.subject)
        #expect(own.keyAlgorithm == "RSA-2048" && own.signatureAlgorithm == "RSA-SHA256")
        let serial = String(decoding: try openssl("x509 -in @a.pem -noout -serial"), as: UTF8.self)
        #expect(serial.lowercased().hasSuffix(own.serial.lowercased() + "\n"))
        #expect(found.certificates.filter { !$0.hasPrivateKey }.map(\.subject) == ["CN=Authority"])
        let text = String(decoding: try inspect("@a.p12 --password-file @pass").output, as: UTF8.self)
        #expect(text.contains("private:   here") && text.contains("ann@example.org"))
        try folder.write("wrong", "falsch\n")
        #expect(try inspect("@a.p12 --password-file @wrong", status: 2).error.contains("password"))
    }

    @Test func readsBundlesAndSingleCertificates() throws {
        try openssl("crl2pkcs7 -nocrl -certfile @a.pem -certfile @b.pem -outform DER -out @both.p7b")
        try openssl("crl2pkcs7 -nocrl -certfile @a.pem -certfile @b.pem -out @both.p7c")
        try openssl("x509 -in @a.pem -outform DER -out @a.der")
        for (file, form) in [("both.p7b", "pkcs7"), ("both.p7c", "pem")] {
            let found = try report("@\(file)")
            #expect(found.form == form && found.certificates.count == 2 && found.keys.isEmpty)
        }
        let single = try report("@a.der")
        #expect(single.form == "der" && single.certificates.map(\.hasPrivateKey) == [false])
        #expect(try report("@a.pem").certificates.count == 1)
        try openssl("pkcs8 -topk8 -in @a.key -passout file:\(folder.file("pass")) -out @locked.key")
        try folder.write("both.pem", folder.read("a.pem") + folder.read("locked.key"))
        let both = try report("@both.pem --password-file @pass")
        #expect(both.certificates.map(\.hasPrivateKey) == [true])
        try folder.write("damaged.der", Array(folder.read("a.der").dropLast(20)))
        _ = try inspect("@damaged.der --password-file @pass", status: 2)
    }
}
