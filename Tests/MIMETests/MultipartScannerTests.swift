import MIME
import Testing

@Suite struct MultipartScannerTests {
    @Test func lineEndBeforeDelimiterBelongsToIt() throws {
        let runs = try scan(bytes("b"), [bytes("pre\r\n--b\r\nH: x\r\n\r\none\r\n\r\n--b \t\r\n--b--\r\nepi")])
        let expected: [(MultipartScanner.Region, String)] = [
            (.preamble, "pre"), (.delimiter(0), "\r\n--b\r\n"), (.part(0), "H: x\r\n\r\none\r\n"),
            (.delimiter(1), "\r\n--b \t\r\n"), (.closeDelimiter, "--b--\r\n"), (.epilogue, "epi"),
        ]
        #expect(runs.map(\.region) == expected.map(\.0))
        #expect(runs.map { text($0.bytes) } == expected.map(\.1))
    }

    /// The same regions whatever the pieces are, on text made of what delimiters are made of.
    @Test func piecesDoNotMatter() throws {
        var chance = Chance(7)
        let tokens = [
            "\r", "\n", "\r\n", "-", "--", "--b", "--bb", "\r\n--bb", "\n--bb--", " ", "\t", "x", "--bb--\r\n",
            "\r\r\n",
        ]
        for _ in 0..<2000 {
            let source = bytes((0..<20).map { _ in tokens.randomElement(using: &chance) ?? "" }.joined())
            let whole = try scan(bytes("bb"), [source])
            #expect(whole.flatMap(\.bytes) == source)
            for sizes in [[1], [2], [3], [1, 4], [7, 1, 2]] {
                let cut = try scan(bytes("bb"), pieces(source, sizes))
                #expect(cut.map(\.region) == whole.map(\.region))
                #expect(cut.map(\.bytes) == whole.map(\.bytes))
            }
            // The tree splits at the same places.
            let header = bytes("Content-Type: multipart/mixed; boundary=bb\r\n\r\n")
            let message = try Message(parsing: header + source)
            let delimiters = whole.filter {
                if case .delimiter = $0.region { true } else { $0.region == .closeDelimiter }
            }
            #expect(
                message.root.delimiters.map { Array(message.slice($0)) } == delimiters.map(\.bytes),
                "\(text(source).debugDescription)")
        }
    }

    @Test func longPaddingIsNoDelimiter() throws {
        let runs = try scan(bytes("b"), [bytes("--b" + String(repeating: " ", count: 999) + "\n")])
        #expect(runs.map(\.region) == [.preamble])
        #expect(throws: MIMEError(.invalidBoundary, "")) { try MultipartScanner(boundary: []) }
    }
}
