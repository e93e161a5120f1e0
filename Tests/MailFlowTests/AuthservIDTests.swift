import Foundation
import MIME
import ProtectedMail
import TestSupport
import Testing

@testable import MailFlow

@Suite struct AuthservIDTests {
    @Test(arguments: [
        " guardd.mx.example.org; pgp=pass", "guardd.mx.example.org;none", " GUARDD.MX.EXAMPLE.ORG ; pgp=pass",
        " (a comment) guardd.mx.example.org 1; pgp=pass", " \"guardd.mx.example.org\"; pgp=pass",
        " \"guardd.mx\\.example.org\"; x=y", " guardd.mx.example.org(c);x=y",
        "\n\t(c (nested \\) c))\n\tguardd.mx.example.org\n\t;",
        " guardd\n .mx.example.org; pgp=pass", " guardd.(c)mx.example.org; pgp=pass", " guardd.mx.example.org.; x=y",
        " guardd.mx.example.org", " guardd.mx.example.org 1", " \"guardd.mx.example.org",
        " (open guardd.mx.example.org",
        " guard\0d.mx.example.org; x=y", "\r\n guardd.mx.example.org\r\n 1\r\n ; x=y",
    ]) func findsOurs(_ value: String) {
        #expect(AuthservID("guardd.mx.example.org").isCarried(by: Array(value.utf8)))
    }

    @Test(arguments: [
        " mx.example.org; pgp=pass", " guardd.mx.example.org.evil; x=y", " xguardd.mx.example.org; x=y", "",
        " other; reason=\"guardd.mx.example.org\"", " other (guardd.mx.example.org); x=y",
        " other; guardd.mx.example.org",
        " guardd.mx.example.net; x=y",
    ]) func leavesOthers(_ value: String) {
        #expect(!AuthservID("guardd.mx.example.org").isCarried(by: Array(value.utf8)))
    }

    @Test func removesFromTheHighestInstanceDown() {
        let header =
            ["mine.example; a", "other.example; b", "(x) MINE.example; c"].map {
                HeaderField(name: "Authentication-Results", value: $0)
            } + [
                HeaderField(name: "GUARDD-Marker", value: "x"),
                HeaderField(name: "authentication-results", value: "mine.example;d"),
            ]
        let edits = HeaderCleaner(authservID: "mine.example").removals(from: header)
        #expect(
            edits == [
                .remove(name: "authentication-results", occurrence: 4), .remove(name: "GUARDD-Marker", occurrence: 1),
                .remove(name: "Authentication-Results", occurrence: 3),
                .remove(name: "Authentication-Results", occurrence: 1),
            ])
    }

    @Test func dkimDomainsAreReadThroughFolding() {
        func field(_ text: String) -> HeaderField { HeaderField(name: "dkim-signature", value: text) }
        #expect(DKIMField.isOwn(field("v=1; a=rsa-sha256;\n\td = Example.ORG; s=x"), domains: ["example.org"]))
        #expect(DKIMField.isOwn(field("v=1; d=sub.example.org"), domains: ["example.org"]))
        #expect(!DKIMField.isOwn(field("v=1; d=badexample.org; bd=example.org"), domains: ["example.org"]))
        #expect(!DKIMField.isOwn(field("v=1"), domains: ["example.org"]))
    }
}

/// Every field of the public set is found under the name it carries, and nothing else is.
@Suite(.enabled(if: Corpora.isAvailable)) struct AuthservIDCorpusTests {
    @Test func wildHeadersAreRecognised() throws {
        var fields = 0
        var forged = 0
        for name in try Corpora.files(under: "authentication-results")
        where !name.hasSuffix(".json") && !name.hasSuffix(".md") {
            let bytes = try Corpora.bytes(name)
            guard let message = try? Message(parsing: bytes + Array("\r\n\r\n".utf8)) else { continue }
            for field in message.root.header.fields where field.isNamed("Authentication-Results") {
                fields += 1
                if name.contains("forged") { forged += 1 }
                let id = plainID(field.value)
                #expect(AuthservID(id).isCarried(by: field.rawValue), "\(name): \(id)")
                #expect(AuthservID(id.uppercased()).isCarried(by: field.rawValue), "\(name): \(id)")
                #expect(!AuthservID("guardd." + id).isCarried(by: field.rawValue), "\(name): \(id)")
                let edits = HeaderCleaner(authservID: id).removals(from: message.root.header.fields)
                #expect(!edits.isEmpty, "\(name)")
            }
        }
        #expect(fields > 100)
        #expect(forged > 5)
    }

    private func plainID(_ value: String) -> String {
        let head = value.split(separator: ";").first.map(String.init) ?? value
        return head.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map(String.init) ?? head
    }
}
