import Foundation
import TestSupport
import Testing

/// `guardctl ca` and `guardctl certificate` as their users run them.
@Suite struct GuardctlAuthorityTests {
    private let folder: TemporaryDirectory
    private var authority: String { folder.file("ca") }

    init() throws {
        folder = try TemporaryDirectory("ca")
        try folder.write("pass", "secret of the authority\n")
        try folder.write("user", "secret of the user\n")
    }

    private func run(_ words: String, status: Int32 = 0) throws -> Shell.Result {
        let arguments = words.split(separator: " ").map { word in
            word.hasPrefix("@") ? folder.file(String(word.dropFirst())) : String(word)
        }
        let result = try Shell.run(Executable.path("guardctl"), arguments)
        #expect(result.status == status, "\(words): \(result.error)")
        return result
    }

    private func openssl(_ words: String) throws -> String {
        let arguments = words.split(separator: " ").map { word in
            word.hasPrefix("@") ? folder.file(String(word.dropFirst())) : String(word)
        }
        return String(decoding: try Shell.check("openssl", arguments), as: UTF8.self)
    }

    @Test func issuesAndRevokes() throws {
        _ = try run("ca init Example --domain example.org --directory @ca --password-file @pass")
        _ = try run("ca init Example --directory @ca --password-file @pass", status: 1)
        #expect(try String(decoding: folder.read("ca/ca.key"), as: UTF8.self).contains("ENCRYPTED PRIVATE KEY"))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file("ca/ca.key"))[.posixPermissions]
        #expect(mode as? Int == 0o600)
        _ = try run(
            "ca issue ann@example.org --name Ann --directory @ca --password-file @pass --export-password-file @user -o @ann.p12"
        )
        _ = try openssl("pkcs12 -in @ann.p12 -passin file:\(folder.file("user")) -nodes -clcerts -nokeys -out @ann.pem")
        #expect(try openssl("verify -purpose smimesign -CAfile @ca/ca.pem @ann.pem").contains("OK"))
        #expect(
            try run(
                "ca issue ann@example.org --directory @ca --password-file @user --export-password-file @user -o @x",
                status: 1
            )
            .error.contains("password"))

        _ = try run(
            "certificate request bob@example.org --key p256 --key-file @bob.key --password-file @user -o @bob.csr")
        _ = try run("ca issue bob@example.org --request @bob.csr --directory @ca --password-file @pass -o @bob.pem")
        _ = try run(
            "certificate import @bob.pem --key-file @bob.key --password-file @user --ca @ca/ca.pem -o @bob.p12")
        #expect(try openssl("pkcs12 -in @bob.p12 -passin file:\(folder.file("user")) -nodes").contains("PRIVATE KEY"))
        _ = try run(
            "certificate import @ann.pem --key-file @bob.key --password-file @user --ca @ca/ca.pem -o @x", status: 1)
        _ = try run(
            "certificate import @bob.pem --key-file @bob.key --password-file @user --ca @ann.pem -o @x", status: 1)

        #expect(try run("ca list --directory @ca").text.split(separator: "\n").count == 2)
        _ = try run("ca revoke ann@example.org --reason superseded --directory @ca")
        _ = try run("ca revoke ann@example.org --directory @ca", status: 1)
        _ = try run("ca crl --directory @ca --password-file @pass")
        #expect(try openssl("crl -in @ca/crl.pem -noout -text").contains("Superseded"))
        let verify = try Shell.run(
            "openssl",
            [
                "verify", "-crl_check", "-CAfile", folder.file("ca/ca.pem"), "-CRLfile", folder.file("ca/crl.pem"),
                folder.file("ann.pem"),
            ])
        #expect(verify.error.contains("revoked"))
        #expect(try run("ca list --json --directory @ca").text.contains("\"revoked\""))
        _ = try run("ca revoke ann@example.org --reason because --directory @ca", status: 2)
    }
}
