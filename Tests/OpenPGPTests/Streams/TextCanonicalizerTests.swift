import Testing

@testable import OpenPGP

@Suite struct TextCanonicalizerTests {
    static func canonical(_ text: String, pieces: Int) -> String {
        var canonicalizer = TextCanonicalizer()
        var output: [UInt8] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            canonicalizer.push(bytes.span.extracting(start..<min(start + pieces, bytes.count))) { piece in
                for index in 0..<piece.count { output.append(piece[index]) }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""), ("a", "a"), ("a\nb\r\nc", "a\r\nb\r\nc"), ("\n\n", "\r\n\r\n"), ("a\r\r\r\nb\r\r\n", "a\r\nb\r\n"),
        ("a\rb\r\rc", "a\rb\r\rc"), ("end\r", "end"), ("end\r\r", "end"), ("\r\n\r\n", "\r\n\r\n"), ("\r\r", ""),
        ("x\r\ny\rz\n", "x\r\ny\rz\r\n"),
    ])
    func anyPieces(_ text: String, _ expected: String) {
        for pieces in 1...8 { #expect(Self.canonical(text, pieces: pieces) == expected, "pieces of \(pieces)") }
    }
}
