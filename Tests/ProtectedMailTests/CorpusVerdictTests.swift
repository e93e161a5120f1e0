import Foundation
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// Mails of other projects with known verdicts. What is expected there is a floor: nothing that is not good may pass,
/// and what is good and within what `pass` means must.
@Suite(.enabled(if: Corpora.isAvailable)) struct CorpusVerdictTests {
    struct Expectation: Decodable {
        var kind: String
        var verify: String?
        var decrypt: String?
        var verifyTime: String?

        enum CodingKeys: String, CodingKey {
            case kind, verify, decrypt
            case verifyTime = "verify_time"
        }
    }

    static let sets = [
        "johnny-you-are-fired", "covert-content", "efail", "protected-headers", "notmuch", "kde-mimetreeparser",
        "thunderbird-openpgp", "deltachat",
    ]

    /// Good for the source, and still not everything that `pass` asks for.
    static let notWhole: [String: Reason.Code] = [
        // Only one part of the message is encrypted and signed.
        "kde-mimetreeparser/openpgp-encrypted-attachment-and-non-encrypted-attachment.mbox": .encryptedPart,
        // Signed with SHA-1.
        "kde-mimetreeparser/openpgp-signed-encrypted-two-attachments.mbox": .weakAlgorithm,
        "kde-mimetreeparser/signed-forward-openpgp-signed-encrypted.mbox": .weakAlgorithm,
        // Signed by test@kolab.org, sent by test@example.com.
        "kde-mimetreeparser/openpgp-inline-charset-encrypted.mbox": .signerMismatch,
    ]

    private func expectations(_ set: String) throws -> [String: Expectation] {
        try JSONDecoder().decode([String: Expectation].self, from: Data(Corpora.bytes(set + "/expected.json")))
    }

    /// Every key of the set counts as imported by the administrator.
    private func source(_ set: String) throws -> MemorySource {
        var source = MemorySource()
        for name in try Corpora.files(under: set) {
            let isKey = ["asc", "gpg", "pgp", "key", "pub", "sec"].contains { name.hasSuffix("." + $0) }
            let folder = name.contains("/keys/") || name.contains("key")
            guard isKey, folder else { continue }
            try? source.add(Corpora.bytes(name))
        }
        return source
    }

    @Test(arguments: sets) func verdicts(set: String) throws {
        let source = try source(set)
        let now = Timestamp(Int64(Date().timeIntervalSince1970))
        var judged = 0
        for (name, expected) in try expectations(set).sorted(by: { $0.key < $1.key }) {
            guard ["openpgp-mail", "smime", "mime"].contains(expected.kind) else { continue }
            let time =
                expected.verifyTime.flatMap { ISO8601DateFormatter().date(from: $0) }
                .map { Timestamp(Int64($0.timeIntervalSince1970)) } ?? now
            let verdict = try inspect(message: Corpora.bytes(set + "/" + name), source: source, time: time)
            let reasons = verdict.reasons.map(\.code.rawValue).joined(separator: ",")
            if ProcessInfo.processInfo.environment["GUARDD_TABLE"] != nil {
                let keys = verdict.signatures.map { "\($0.status.rawValue)@\($0.coveredPart)" }.joined(separator: " ")
                print(
                    "\(set)/\(name)\t\(expected.verify ?? "-")\t\(expected.decrypt ?? "-")\t\(verdict.status)\t\(reasons)\t\(keys)"
                )
            }
            judged += 1
            switch expected.verify {
            case "good" where expected.kind == "openpgp-mail":
                if let code = Self.notWhole[set + "/" + name] {
                    #expect(
                        verdict.status != .pass && verdict.reasons.contains { $0.code == code }, "\(name): \(reasons)")
                } else {
                    #expect(verdict.status == .pass, "\(name): \(verdict.status) \(reasons)")
                }
            case "unknown-key" where expected.kind == "openpgp-mail":
                var strangers = source
                strangers.known = []
                let stranger = try inspect(message: Corpora.bytes(set + "/" + name), source: strangers, time: time)
                #expect(stranger.status != .pass && stranger.status != .fail, "\(name): \(stranger.reasons)")
            case nil, "either": #expect(verdict.status == .none || !verdict.reasons.isEmpty || verdict.status == .pass)
            case "good": break
            case let other?: #expect(verdict.status != .pass, "\(name) is \(other)")
            }
        }
        #expect(judged > 0)
    }

    /// Nothing of any mail corpus stops an inspection, and the size of pieces changes nothing.
    @Test(arguments: ["transport-mangling", "openkeychain", "mime-is-broken", "mimekit", "mail-parser", "mime4j"])
    func everythingIsJudged(set: String) throws {
        let source = MemorySource()
        for name in try Corpora.files(under: set) {
            let bytes = try Corpora.bytes(name)
            guard bytes.count < 1 << 20 else { continue }
            let verdict = inspect(message: bytes, source: source, time: Timestamp(1_790_000_000))
            #expect(verdict.status != .pass && verdict.status != .temperror, "\(name): \(verdict)")
            guard let (header, body) = try? splitMessage(bytes) else { continue }
            let inspector = try Inspector(header: header, source: source, time: Timestamp(1_790_000_000))
            for start in stride(from: 0, to: body.count, by: 41) {
                try inspector.push(body[start..<min(body.count, start + 41)].span)
            }
            #expect(inspector.finish() == verdict, "\(name)")
        }
    }
}
