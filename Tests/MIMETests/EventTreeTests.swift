import Foundation
import MIME
import TestSupport
import Testing

/// mime4j tells what it reads of a message as a stream of events: header fields, bodies, preambles and epilogues with their
/// octets. Ours are written the same way and must be the same text, but for line ends.
@Suite(.enabled(if: Corpora.isAvailable))
struct EventTreeTests {
    @Test func everyMessageIsReadAsUpstreamReadsIt() throws {
        let data = Data(try Corpora.bytes("mime4j/expected.json"))
        let expectations = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]] ?? [:]
        var checked = 0
        for (name, entry) in expectations.sorted(by: { $0.key < $1.key }) {
            guard let tree = entry["event_tree"] as? String else { continue }
            checked += 1
            let message = try Message(parsing: Corpora.bytes("mime4j/" + name))
            let isSame =
                events(message, message.root, "message") == latin1(try Corpora.bytes("mime4j/" + tree))
            #expect(isSame == (Self.otherwise[name] == nil), "\(name): \(Self.otherwise[name] ?? "reads otherwise")")
            // Where two readers differ, ours must say so.
            if !isSame { #expect(message.isAmbiguous, "\(name)") }
        }
        #expect(checked == 54)
    }

    /// Each message that we read otherwise, with the reason.
    private static let otherwise = [
        "mimetools-testmsgs/hdr-fakeout.msg": badLine, "testmsgs/malformedHeader-nocrlfcrlf.msg": badLine,
        "testmsgs/basic-plain-with-bad-header-separator.msg": badLine, "testmsgs/obsolete.msg": badLine,
        "testmsgs/malformedHeaderStartsBody-nocrlfcrlf.msg": badLine,
        "testmsgs/base64encoded-rfc822message-nested.msg":
            "RFC 2046 section 5.2.1 forbids base64 around a message; upstream decodes it, we leave it one body",
        "testmsgs/ending-boundaries.msg":
            "a delimiter with text after it is one for RFC 2046 section 5.1.1 and for upstream none",
        "testmsgs/very-long-boundary.msg": blanks, "testmsgs/weird-boundary.msg": blanks,
    ]
    private static let badLine =
        "a line that is no field ends the header, as it does in Postfix; upstream drops it and reads on"
    private static let blanks =
        "blanks at the end of a boundary cannot be told from padding (section 5.1.1), upstream takes them for its own"

    private func latin1(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes where byte != 13 { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }

    private func escaped(_ bytes: some Sequence<UInt8>) -> String {
        latin1(bytes).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private func element(_ name: String, _ content: String) -> String { "<\(name)>\n\(content)</\(name)>\n" }

    private func events(_ message: Message, _ entity: Entity, _ name: String) -> String {
        let fields = entity.header.fields.map { field in
            element("field", escaped(field.range.map { trimmed(message.slice($0)) } ?? []))
        }
        let header = element("header", fields.joined())
        guard let preamble = entity.preamble else {
            let inner =
                entity.children.first.map { events(message, $0, "message") }
                ?? element("body", escaped(message.body(of: entity)))
            return element(name, header + inner)
        }
        let parts = entity.children.map { events(message, $0, "body-part") }.joined()
        // An empty preamble is told where a line end stands for it.
        let hasPreamble = !preamble.isEmpty || entity.delimiters.first.map { message.slice($0).first != 0x2D } ?? false
        let before = hasPreamble ? element("preamble", escaped(message.slice(preamble))) : ""
        var after = entity.epilogue.map { escaped(message.slice($0)) } ?? ""
        // Of a file with bare LF upstream takes the line end of the close delimiter for an epilogue.
        if after.isEmpty, let close = entity.delimiters.last, message.slice(close).suffix(2).elementsEqual([0x2D, 10]) {
            after = "\n"
        }
        if !after.isEmpty { after = element("epilogue", after) }
        return element(name, header + element("multipart", before + parts + after))
    }

    private func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var field = field
        if field.last == 10 { field.removeLast() }
        if field.last == 13 { field.removeLast() }
        return field
    }
}
