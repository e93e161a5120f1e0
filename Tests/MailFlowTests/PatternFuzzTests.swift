import MIME
import Testing

@testable import MailFlow

/// Strings put together from the pieces that matter to the readers, always the same ones.
@Suite struct PatternFuzzTests {
    private struct Generator {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }

        mutating func text(of pieces: [String]) -> String {
            (0..<next(9)).map { _ in pieces[next(pieces.count)] }.joined()
        }
    }

    @Test func patternsAndNetworksNeverTrapAndAgreeWithThemselves() {
        let pieces = [
            "@", ".", "*", "<", ">", "a", "example.org", "\"", "\\", " ", "é", "xn--", ":", "::", "/", "1", "255", "0",
            "%",
            "\0", "\r\n", "ffff", "[", "]", "IPv6:", "64", "-",
        ]
        var generator = Generator()
        var read = 0
        for _ in 0..<20_000 {
            let text = generator.text(of: pieces)
            if let pattern = try? AddressPattern(text) {
                read += 1
                if case .mailbox(let address) = pattern { #expect(pattern.matches(.address(address)) == .yes) }
                #expect(pattern == .null || pattern.matches(.unreadable) != .no)
            }
            if let network = try? Network(text) {
                read += 1
                #expect((try? Network(network.description)) == network)
            }
            if let client = ClientAddress(text) { #expect(ClientAddress(client.description) == client) }
            _ = try? HeaderCondition(text)
        }
        #expect(read > 50)
    }

    @Test func resultFieldsNeverTrapTheReader() {
        let pieces = ["(", ")", "\"", "\\", ";", " ", "\r\n\t", "g.example", "G", ".example", "\0", "1", "é", ","]
        var generator = Generator()
        let id = AuthservID("g.example")
        for _ in 0..<20_000 {
            let text = generator.text(of: pieces)
            _ = id.isCarried(by: Array(text.utf8))
            // Whatever comes before in comments and spaces, our own id is found.
            #expect(id.isCarried(by: Array(("(c) " + "g.example;" + text).utf8)))
            _ = DKIMField.domain(of: HeaderField(name: "DKIM-Signature", value: text))
            _ = Marker(parsing: Array(text.utf8))
        }
    }

    /// Quadratic work would show here.
    @Test func longFieldsCostLinearWork() {
        let id = AuthservID("g.example")
        let long = [UInt8](repeating: 0x61, count: 256 << 10)
        #expect(!id.isCarried(by: long))
        #expect(!id.isCarried(by: Array("\"".utf8) + long))
        #expect(id.isCarried(by: Array("(".utf8) + long + Array(") g.example; x".utf8)))
    }

    @Test func wildcardsAgreeWithAPlainReading() {
        func plain(_ p: Substring, _ t: Substring) -> Bool {
            guard let first = p.first else { return t.isEmpty }
            if first == "*" { return plain(p.dropFirst(), t) || (!t.isEmpty && plain(p, t.dropFirst())) }
            return t.first == first && plain(p.dropFirst(), t.dropFirst())
        }
        var generator = Generator()
        for _ in 0..<5_000 {
            let pattern = generator.text(of: ["*", "a", "b"])
            let text = generator.text(of: ["a", "b"])
            #expect(Wildcard.matches(pattern, text) == plain(pattern[...], text[...]), "\(pattern) \(text)")
        }
    }
}
