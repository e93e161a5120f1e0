import Testing

@testable import MailProxy

/// What the reader makes of content, in whatever pieces it comes; and that nothing but CR LF "." CR LF ends it.
@Suite struct ContentReaderTests {
    private struct Reading: Equatable {
        var content = ""
        /// What follows the end; nil where there is none.
        var rest: String?
        var bare: String?
        var isRepaired = false
        var isBodyRepaired = false
    }

    private func read(_ text: String, _ policy: ContentReader.BareLineEnds, piece: Int) -> Reading {
        var reader = ContentReader(policy)
        var output: [UInt8] = []
        var result = Reading()
        let bytes = Array(text.utf8)
        var start = 0
        reading: while start < bytes.count {
            let end = min(start + piece, bytes.count)
            switch reader.push(Array(bytes[start..<end]), into: &output) {
            case .more: break
            case .ended(let index):
                result.rest = String(decoding: bytes[(start + index)...], as: UTF8.self)
                break reading
            case .bare(let name):
                result.bare = name
                break reading
            }
            start = end
        }
        result.content = String(decoding: output, as: UTF8.self)
        result.isRepaired = reader.isRepaired
        result.isBodyRepaired = reader.isBodyRepaired
        return result
    }

    private func read(_ text: String, _ policy: ContentReader.BareLineEnds = .repair) -> Reading {
        let whole = read(text, policy, piece: max(1, text.utf8.count))
        for piece in [1, 2, 3, 5, 7] {
            var other = read(text, policy, piece: piece)
            // Up to the octet that is refused, pieces decide how much was given out.
            if whole.bare != nil { other.content = whole.content }
            #expect(other == whole, "in pieces of \(piece)")
        }
        return whole
    }

    @Test func dotsOfTheProtocolGo() {
        #expect(
            read("a: b\r\n\r\n..dot\r\n...\r\ntext.\r\n.\r\nNEXT")
                == Reading(
                    content: "a: b\r\n\r\n.dot\r\n..\r\ntext.\r\n", rest: "NEXT"))
        #expect(read(".\r\n") == Reading(content: "", rest: ""))
        // A dot that a client forgot to double.
        #expect(read(".x\r\n.\r\n") == Reading(content: "x\r\n", rest: ""))
    }

    /// The variants that have been published: none of them ends the message.
    static let smuggling = [
        "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r\n\0.\r\n", "\r\n.\0\r\n",
        "\r\r\n.\r\r\n", "\r\n.\r\r\n", "\n\n.\n\n", "\r\n\r.\r\n", "\r\n.\n\r\n",
    ]

    @Test(arguments: smuggling)
    func nothingElseEndsAMessage(_ end: String) throws {
        let text = "a: b\r\n\r\nbefore\(end)MAIL FROM:<x@evil.example>\r\n.\r\nQUIT"
        let repaired = read(text)
        #expect(repaired.rest == "QUIT")
        #expect(repaired.content.contains("MAIL FROM"))
        // What goes on has no CR or LF alone, so the next hop sees the same message.
        let lines = repaired.content.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(!lines.contains { $0.utf8.contains(0x0D) || $0.utf8.contains(0x0A) })
        var writer = ContentWriter(.refuse)
        var wire: [UInt8] = []
        try writer.push(Array(repaired.content.utf8), into: &wire)
        try writer.finish(into: &wire)
        let ends = String(decoding: wire, as: UTF8.self).ranges(of: "\r\n.\r\n")
        #expect(ends.count == 1 && wire.suffix(5).elementsEqual("\r\n.\r\n".utf8))
    }

    @Test(arguments: smuggling.filter { !$0.contains("\0") })
    func whoFacesClientsRefuses(_ end: String) {
        let text = "a: b\r\n\r\nbefore\(end)MAIL FROM:<x@evil.example>\r\n.\r\n"
        let refused = read(text, .reject)
        #expect(refused.bare != nil && refused.rest == nil)
    }

    @Test func repairsAreTold() {
        let clean = read("a: b\r\n\r\ntext\r\n.\r\n")
        #expect(!clean.isRepaired && !clean.isBodyRepaired)
        let header = read("a: b\nc: d\n\ntext\r\n.\r\n")
        #expect(header.isRepaired && !header.isBodyRepaired)
        #expect(header.content == "a: b\r\nc: d\r\n\r\ntext\r\n")
        let body = read("a: b\r\n\r\none\ntwo\rthree\r\n.\r\n")
        #expect(body.isBodyRepaired && body.content == "a: b\r\n\r\none\r\ntwo\r\nthree\r\n")
    }
}
