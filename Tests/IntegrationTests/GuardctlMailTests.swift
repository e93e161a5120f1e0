import Foundation
import TestSupport
import Testing

/// `guardctl inspect` and `guardctl protect` as an administrator uses them.
@Suite struct GuardctlMailTests {
    private let guardctl = Executable.path("guardctl")
    private let folder: TemporaryDirectory
    private let gpg: GnuPGHome
    private let mail = "From: Alice <alice@example.org>\nContent-Type: text/plain; charset=utf-8\n\nH\u{e4}llo \n"

    init() throws {
        folder = try TemporaryDirectory("ctl")
        gpg = try GnuPGHome()
        try gpg.generate("alice@example.org", name: "Alice")
        try folder.write("public", gpg.publicKey("alice@example.org"))
        try folder.write("secret", gpg.secretKey("alice@example.org"))
        try folder.write("mail", mail)
    }

    private func run(_ arguments: String..., input: [UInt8] = []) throws -> Shell.Result {
        try Shell.run(guardctl, arguments, input: input)
    }

    @Test func protectedMailIsOpenedByGnuPGAndInspected() throws {
        let (key, secret) = (folder.file("public"), folder.file("secret"))
        let sent = try run(
            "protect", folder.file("mail"), "--to", "alice@example.org", "--key", key, "--sign-key", secret)
        #expect(sent.status == 0, "\(sent.error)")
        let armor = try #require(MailParts(sent.output).armor)
        let content = "Content-Type: text/plain; charset=utf-8\r\n\r\nH\u{e4}llo \r\n"
        #expect(try gpg.decrypt(armor) == Array(content.utf8))
        let opened = try run("inspect", "-", "--key", secret, input: sent.output)
        #expect(opened.status == 0 && opened.text.contains("status:     pass"), "\(opened.text)")
        let closed = try run("inspect", "-", "--key", key, "--json", input: sent.output)
        #expect(closed.status == 1)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(closed.output)) as? [String: Any])
        #expect(report["version"] as? Int == 1 && report["status"] as? String == "neutral")
        #expect(report["encrypted"] as? Bool == true && report["protocol"] as? String == "openpgp")
        let reasons = try #require(report["reasons"] as? [[String: String]])
        #expect(reasons.map { $0["code"] } == ["encrypted-no-key"])
        let headers = try #require(report["headers"] as? [String])
        #expect(headers.first?.hasPrefix("Authentication-Results: guardd.") == true)
        #expect(headers.last == "Guardd-Verdict: neutral; protocol=openpgp; encrypted=yes; reason=encrypted-no-key")
    }

    @Test func exitStatus() throws {
        let (key, secret) = (folder.file("public"), folder.file("secret"))
        #expect(try run("inspect", folder.file("mail")).status == 1)
        #expect(try run("inspect", folder.file("missing")).status == 2)
        #expect(try run("inspect", folder.file("mail"), "--key", folder.file("mail")).status == 2)
        #expect(try run("inspect", folder.file("mail"), "--at", "soon").status == 2)
        let signed = try run("protect", "-", "--sign-key", secret, input: Array(mail.utf8))
        #expect(signed.status == 0)
        #expect(try run("inspect", "-", "--key", key, input: signed.output).status == 0)
        #expect(try run("inspect", "-", "--key", key, "--at", "2001-01-01", input: signed.output).status == 1)
        let changed = signed.text.replacingOccurrences(of: "H=C3=A4llo", with: "Hallo")
        #expect(try run("inspect", "-", "--key", key, input: Array(changed.utf8)).status == 1)
        let nobody = try run("protect", folder.file("mail"), "--to", "bob@example.org", "--key", key)
        #expect(nobody.status == 1 && nobody.output.isEmpty && nobody.error.contains("bob@example.org"))
        #expect(try run("protect", folder.file("missing"), "--to", "alice@example.org", "--key", key).status == 2)
    }
}
