import Foundation
import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import Guard

/// Remembers what was sent.
final class MailBag: MailSender {
    private let state = Lock<[(recipients: [EmailAddress], message: [UInt8])]>([])
    /// Refuses everything.
    let isBroken: Bool

    init(isBroken: Bool = false) { self.isBroken = isBroken }

    func send(to recipients: [EmailAddress], message: [UInt8]) throws {
        if isBroken { throw GuardError(.mailNotSent, "refused") }
        state.withLock { $0.append((recipients, message)) }
    }

    var mails: [(recipients: [EmailAddress], message: [UInt8])] { state.withLock { $0 } }
}

@Suite struct OwnMailTests {
    private func compose(
        _ template: MailTemplate, values: [String: String] = [:], secret: String? = nil
    ) throws -> Message {
        let composer = MailComposer(
            from: Mailbox(displayName: "Wächter", address: try #require(EmailAddress("guard@example.org"))),
            time: Timestamp(1_700_000_000), random: Array(0..<32))
        let bytes = try composer.compose(
            template, to: try #require(EmailAddress("bob@example.org")), values: values,
            secret: secret.map { SecretBytes(copying: Array($0.utf8)) })
        #expect(bytes.allSatisfy { $0 < 0x80 })
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" })
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        return try Message(parsing: bytes)
    }

    private func decoded(_ message: Message, _ part: Int) throws -> String {
        let children = message.root.children
        try #require(children.count == 2)
        var decoder = QuotedPrintableDecoder()
        var output: [UInt8] = []
        decoder.push(Array(message.bytes[children[part].bodyRange]).span, into: &output)
        decoder.finish(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: MailKind.allCases, ["en_US", "de_DE"])
    func writesBuiltInTexts(_ kind: MailKind, _ language: String) throws {
        let folder = TemplateFolder(path: nil) { _ in }
        let template = try #require(folder.template(kind, language: language, number: nil))
        let values = [
            "product": "Guard", "address": "bob@example.org", "sender": "Älice <alice@example.org>",
            "link": "https://guard.example.org/x?a=1&b=2", "hours": "24",
        ]
        let message = try compose(template, values: values, secret: "Abcdefgh23456789")
        let header = message.root.header
        #expect(header.fields.map(\.name).contains("Auto-Submitted"))
        #expect(message.root.contentType.mediaType == "multipart/alternative")
        let text = try decoded(message, 0)
        let html = try decoded(message, 1)
        #expect(text.contains("bob@example.org"))
        #expect(!text.contains("{{") && !html.contains("{{"))
        if kind == .reset {
            #expect(text.contains("\r\nAbcdefgh23456789\r\n") && html.contains("<code>Abcdefgh23456789</code>"))
        } else if kind != .guestPIN {
            #expect(html.contains("<a href=\"https://guard.example.org/x?a=1&amp;b=2\">"))
            #expect(!text.contains("Abcdefgh"))
        }
        if kind == .guest { #expect(html.contains("Älice &lt;alice@example.org&gt;")) }
        let subject = try #require(header.fields.first { $0.isNamed("Subject") }?.decodedText)
        #expect(!subject.isEmpty && !subject.contains("Abcdefgh"))
    }

    @Test func putsNothingOfAValueIntoTheHeader() throws {
        let template = try MailTemplate("Subject: from {{sender}}\n\n{{sender}}\n")
        let message = try compose(template, values: ["sender": "eve\r\nBcc: all@example.org"])
        #expect(!message.root.header.fields.contains { $0.isNamed("Bcc") })
    }

    @Test(arguments: [
        "no subject", "Subject: x\ntext at once", "Subject: {{password}}\n\nx", "Subject: x\n\n{{unknown}}",
        "Subject: x\n\n{{link",
    ])
    func refusesTemplatesThatCannotWork(_ file: String) {
        #expect(throws: TemplateDefect.self) { try MailTemplate(file) }
    }

    @Test func prefersTheTemplatesOfTheAdministrator() throws {
        let directory = try TemporaryDirectory("templates")
        try directory.write("reset.de.txt", "Subject: eigen\n\n{{password}}\n")
        try directory.write("7-reset.de.txt", "Subject: sieben\n\n{{password}}\n")
        try directory.write("7-reset.de.html", "<p>{{password}}</p>")
        try directory.write("reset.fr.txt", "Subject: mien\n\n{{password}}\n")
        try directory.write("guest.en.txt", "broken")
        let problems = Lock<[String]>([])
        let folder = TemplateFolder(path: directory.path) { line in problems.withLock { $0.append(line) } }
        func subject(_ kind: MailKind, _ language: String, _ number: Int? = nil) -> [MailTemplate.Piece]? {
            folder.template(kind, language: language, number: number)?.subject
        }
        #expect(subject(.reset, "de_DE") == [.text("eigen")])
        #expect(subject(.reset, "de_AT", 7) == [.text("sieben")])
        #expect(folder.template(.reset, language: "de", number: 7)?.html?.first == .text("<p>"))
        #expect(subject(.reset, "de_DE", 8) == [.text("eigen")])
        #expect(subject(.reset, "fr_FR") == [.text("mien")])
        #expect(subject(.reset, "../../x")?.count == 3)
        #expect(subject(.guest, "en")?.first == .text("An encrypted message from "))
        #expect(problems.withLock { $0.count } == 1)
    }
}
