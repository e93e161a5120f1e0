import Foundation
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// Every mail of the corpora with an expected result, judged and counted. `make verdicts` prints the table.
///
/// What is expected there is a floor: nothing that is not good may pass (*lax*), and what is good passes, unless
/// `VerdictTable.stricter` says why we ask for more.
@Suite(.enabled(if: Corpora.isAvailable)) struct VerdictScoreboardTests {
    static let sets = [
        "johnny-you-are-fired", "covert-content", "efail", "protected-headers", "notmuch", "kde-mimetreeparser",
        "thunderbird-openpgp", "thunderbird-smime", "rfc4134", "deltachat", "autocrypt", "mimekit", "rfc9788",
        "thunderbird-mime",
    ]

    enum Mark { case right, strict, lax }

    struct Score {
        var mails = 0
        var right = 0
        var strict = 0
        var lax = 0

        mutating func count(_ mark: Mark) {
            mails += 1
            switch mark {
            case .right: right += 1
            case .strict: strict += 1
            case .lax: lax += 1
            }
        }
    }

    /// Every key of the set counts as imported by the administrator.
    private func source(_ set: String) throws -> MemorySource {
        var source = MemorySource()
        for name in try Corpora.files(under: set) {
            let isKey = ["asc", "gpg", "pgp", "key", "pub", "sec"].contains { name.hasSuffix("." + $0) }
            if isKey { try? source.add(Corpora.bytes(name)) }
            if name.hasSuffix(".p12") || name.hasSuffix(".pfx") {
                source.add(pkcs12: try Corpora.bytes(name), passwords: ["", "nss", "bob", "test12345678"])
            }
            if name.hasSuffix("key.pem") || name.hasSuffix("key+cert.pem") {
                let certificates = try Corpora.files(under: set).first { $0.hasSuffix("smime-certs.pem") } ?? name
                try? source.add(privateKey: Corpora.bytes(name), certificates: Corpora.bytes(certificates))
            }
        }
        return source
    }

    /// How a verdict compares with what the source of the mail says.
    private func mark(_ name: String, _ expected: Expectation, _ verdict: Verdict, strangers: Verdict) -> Mark {
        if expected.attack == true, verdict.status == .pass { return .lax }
        let isExplained = VerdictTable.stricter[name].map { line in verdict.reasons.contains { $0.code == line.code } }
        switch expected.verify {
        case "good":
            if verdict.status != .pass { return isExplained == true ? .right : .strict }
        case "unknown-key":
            if strangers.status == .pass { return .lax }
            if strangers.status == .fail, isExplained != true { return .strict }
        case "bad", "mismatch", "partial", "none":
            if verdict.status == .pass { return .lax }
        case "good-but-expired":
            if verdict.status != .policy { return verdict.status == .pass ? .lax : .strict }
        default: break
        }
        switch expected.decrypt {
        case "ok":
            let isOpen = verdict.encrypted && !verdict.reasons.contains { Self.unopened.contains($0.code) }
            if !isOpen, isExplained != true { return .strict }
        case "ok-if-legacy" where verdict.status == .pass: return .lax
        case "refuse", "refuse-or-isolate":
            let isOpen = verdict.encrypted && !verdict.reasons.contains { Self.unopened.contains($0.code) }
            if verdict.status == .pass || isOpen { return .lax }
        default: break
        }
        return .right
    }

    /// Reasons that say that a part stayed closed.
    static let unopened: Set<Reason.Code> = [
        .encryptedNoKey, .decryptionFailed, .ciphertextInPlain, .encryptedPart, .malformed, .unsupported, .noMDC,
        .modified, .weakAlgorithm,
    ]

    @Test func scoreboard() throws {
        var table = ["", Self.row("set", "mails", "right", "wrong-strict", "wrong-lax")]
        for set in Self.sets {
            let source = try source(set)
            var strangers = source
            strangers.known = []
            var score = Score()
            for (name, expected) in try Expectation.all(of: set) where Self.isJudged(expected) {
                let bytes = try Corpora.bytes(name)
                var source = source
                if let ca = expected.ca { try source.trust([Corpora.bytes(set + "/" + ca)]) }
                let verdict = inspect(message: bytes, source: source, time: expected.time)
                let unknown =
                    expected.verify == "unknown-key"
                    ? inspect(message: bytes, source: strangers, time: expected.time) : verdict
                let mark = mark(name, expected, verdict, strangers: unknown)
                score.count(mark)
                let codes = verdict.reasons.map(\.code.rawValue).joined(separator: ",")
                #expect(
                    mark == .right,
                    "\(name): expected \(expected.verify ?? "-")/\(expected.decrypt ?? "-"), is \(verdict.status) \(codes)"
                )
                if let line = VerdictTable.attacks[name] {
                    #expect(line.fits(verdict), "\(name): the table says \(line), is \(verdict.status) \(codes)")
                } else {
                    #expect(
                        expected.attack != true,
                        "\(name): an attack that is not in the table: \(verdict.status) \(codes)")
                }
            }
            table.append(Self.row(set, "\(score.mails)", "\(score.right)", "\(score.strict)", "\(score.lax)"))
        }
        print(table.joined(separator: "\n"))
    }

    /// Mails with a result to compare with.
    private static func isJudged(_ expected: Expectation) -> Bool {
        guard ["openpgp-mail", "smime", "mime", "hp-payload"].contains(expected.kind) else { return false }
        return expected.verify != nil || expected.decrypt != nil || expected.kind == "mime"
            || expected.kind == "hp-payload"
    }

    private static func row(_ set: String, _ columns: String...) -> String {
        set.padding(toLength: 24, withPad: " ", startingAt: 0)
            + columns.map { String(repeating: " ", count: max(1, 13 - $0.count)) + $0 }.joined()
    }
}
