import Foundation
import MIME
import TestSupport
import Testing

/// What other projects expect of their test mails, where it can be compared by a machine.
@Suite(.enabled(if: Corpora.isAvailable))
struct CorpusExpectationTests {
    private func expectations(_ set: String) throws -> [String: [String: Any]] {
        let data = Data(try Corpora.bytes(set + "/expected.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]] ?? [:]
    }

    /// MIME differentials: what conforms must give its attachment, what does not must be called ambiguous or give
    /// it all the same.
    @Test func mimeIsBroken() throws {
        var missed: [String] = []
        for (name, entry) in try expectations("mime-is-broken") {
            guard let validity = entry["validity"] as? Int, name.hasPrefix("hide-content") else { continue }
            let message = try Message(parsing: Corpora.bytes("mime-is-broken/" + name))
            #expect(message.reassembled() == message.bytes)
            let found = message.root.flattened.contains { text(message.decodedBody(of: $0).bytes.prefix(2)) == "PK" }
            if validity >= 2, !found { missed.append(name) }
        }
        #expect(missed.isEmpty, "\(missed.sorted())")
    }

    /// Offsets of MimeKit: header and body of each entity, per mbox message.
    @Test func mimeKitOffsets() throws {
        let mbox = try Corpora.bytes("mimekit/mbox/issue1189.mbox.txt")
        let unix = mbox.filter { $0 != 13 }
        let dos = unix.flatMap { $0 == 10 ? [13, 10] : [$0] }
        for (buffer, file) in [(unix, "unix"), (dos, "dos")] {
            let data = Data(try Corpora.bytes("mimekit/mbox/issue1189.\(file)-offsets.json"))
            for expected in try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? [] {
                guard let begin = expected["beginOffset"] as? Int, let end = expected["endOffset"] as? Int,
                    let body = expected["body"] as? [String: Any]
                else { continue }
                let message = try Message(parsing: Array(buffer[begin..<end]))
                compare(message.root, body, base: begin)
            }
        }
    }

    private func compare(_ entity: Entity, _ expected: [String: Any], base: Int) {
        #expect(entity.contentType.mediaType == expected["mimeType"] as? String)
        #expect(entity.range.lowerBound + base == expected["beginOffset"] as? Int)
        // Where the blank line is missing upstream reads the whole body as header; we, as Postfix, read it as body.
        if !entity.bodyRange.isEmpty, !entity.defects.contains(where: { $0.kind == .missingBlankLine }) {
            #expect(entity.bodyRange.lowerBound + base == expected["headersEndOffset"] as? Int)
        }
        let children = expected["children"] as? [[String: Any]] ?? []
        #expect(entity.children.count == children.count)
        for (child, wanted) in zip(entity.children, children) { compare(child, wanted, base: base) }
    }

    /// Main bodies as Thunderbird decodes them.
    @Test func thunderbirdBodies() throws {
        for (name, entry) in try expectations("thunderbird-mime") {
            guard let file = entry["decoded_body_file"] as? String, name.hasPrefix("base64") || name.hasPrefix("basic")
            else {
                continue
            }
            let message = try Message(parsing: Corpora.bytes("thunderbird-mime/" + name))
            // Upstream drops line ends at the end of the file.
            let wanted = text(try Corpora.bytes("thunderbird-mime/" + file).filter { $0 != 13 })
            let ours = text(message.decodedBody(of: message.root).bytes.filter { $0 != 13 })
            #expect(ours.trimmingCharacters(in: .newlines) == wanted.trimmingCharacters(in: .newlines), "\(name)")
        }
    }

    /// Part boundaries as Stalwart's mail-parser counts them, with LF and with CRLF.
    @Test func mailParserOffsets() throws {
        var checked = 0
        for (name, entry) in try expectations("mail-parser") {
            let unix = try Corpora.bytes("mail-parser/" + name).filter { $0 != 13 }
            for (key, buffer) in [
                ("parse_json", unix), ("parse_json_crlf", unix.flatMap { $0 == 10 ? [13, 10] : [$0] }),
            ] {
                guard let file = entry[key] as? String else { continue }
                let json = try JSONSerialization.jsonObject(with: Data(Corpora.bytes("mail-parser/" + file)))
                let parts = try #require((json as? [String: Any])?["parts"] as? [[String: Any]], "\(file)")
                checked += 1
                let theirs = parts.map { ($0["offset_body"] as? Int) ?? -1 }
                let message = try Message(parsing: buffer)
                let bodies = flatten(message.root).map(\.bodyRange.lowerBound)
                let reason = Self.otherwise[name]
                #expect(
                    (theirs == bodies) == (reason == nil), "\(file) ours \(bodies) theirs \(theirs) \(reason ?? "")")
                if theirs != bodies { #expect(message.isAmbiguous, "\(file)") }
            }
        }
        #expect(checked == 144)
    }

    /// The messages that we split otherwise than Stalwart, with the reason; each is reported as ambiguous.
    private static let otherwise = [
        "malformed/000.eml": "a delimiter ends a part that has no blank line; upstream reads on through it as header",
        "malformed/001.eml": "the delimiter of the outer multipart ends the inner one, whose boundary is its beginning",
        "malformed/004.eml": "a line that only begins like the delimiter is none (RFC 2046 section 5.1.1)",
        "malformed/007.eml": "without a blank line the body begins at the delimiter, not behind the next blank line",
        "malformed/012.eml": "the delimiter of the outer multipart ends the inner one, and a part follows it",
        "malformed/013.eml":
            "a boundary used twice belongs to the outer multipart, and a delimiter at the end begins a part",
    ]

    /// In upstream's order; a message inside of a message is not counted there.
    private func flatten(_ entity: Entity) -> [Entity] {
        [entity] + (entity.boundary == nil ? [] : entity.children.flatMap(flatten))
    }

    /// Internationalised mails: addresses and names in UTF-8.
    @Test func eai() throws {
        for name in try Corpora.files(under: "eai") where name.hasSuffix(".eml") {
            let message = try Message(parsing: Corpora.bytes(name))
            #expect(message.reassembled() == message.bytes)
            for field in message.root.header.fields where field.isNamed("from") || field.isNamed("to") {
                let list = AddressParser.parseList(field.rawValue)
                #expect(list.mailboxes.count == 1 && list.ambiguities.isEmpty, "\(name) \(field.value)")
                if field.value.contains("jøran") { #expect(list.addresses.first?.needsUTF8 == true) }
            }
        }
    }
}
