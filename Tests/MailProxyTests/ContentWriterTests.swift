import TestSupport
import Testing

@testable import MailProxy

@Suite struct ContentWriterTests {
    private func write(
        _ pieces: [[UInt8]], _ bare: ContentWriter.BareLineEnds = .normalise
    ) throws -> [UInt8] {
        var writer = ContentWriter(bare)
        var output: [UInt8] = []
        for piece in pieces { try writer.push(piece, into: &output) }
        try writer.finish(into: &output)
        return output
    }

    private func write(_ text: String) throws -> String {
        String(decoding: try write([Array(text.utf8)]), as: UTF8.self)
    }

    @Test(arguments: [
        ("", ".\r\n"), ("a\r\n", "a\r\n.\r\n"), ("a", "a\r\n.\r\n"), (".a\r\n..\r\n", "..a\r\n...\r\n.\r\n"),
        ("a.\r\n", "a.\r\n.\r\n"), ("a\nb\rc\r\n", "a\r\nb\r\nc\r\n.\r\n"), ("a\r\r\n", "a\r\n\r\n.\r\n"),
        ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"), ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"), ("a\r", "a\r\n.\r\n"),
    ])
    func writes(_ text: String, _ expected: String) throws {
        #expect(try write(text) == expected)
    }

    @Test(arguments: ["a\nb", "a\rb", "a\r", "\n", "a\r\r\n"])
    func refusesBareLineEnds(_ text: String) {
        #expect(throws: MailProxyError(.unwritable, at: .content, "")) { try write([Array(text.utf8)], .refuse) }
    }

    /// Whatever comes in, in whatever pieces: no bare CR or LF, one end at the end, and what a server reads is the content
    /// with its line ends made whole.
    @Test func holdsForAnyContent() throws {
        var random = SplitMix64(seed: 6)
        let alphabet: [UInt8] = [0x0D, 0x0A, 0x2E, 0x61, 0x20, 0xC3]
        for _ in 0..<3000 {
            let content = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            var pieces: [[UInt8]] = []
            var rest = content[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...7, using: &random))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            let written = try write(pieces)
            #expect(try write([content]) == written)
            var lines: [[UInt8]] = [[]]
            for (index, byte) in written.enumerated() {
                switch byte {
                case 0x0D: #expect(index + 1 < written.count && written[index + 1] == 0x0A)
                case 0x0A:
                    #expect(index > 0 && written[index - 1] == 0x0D)
                    lines.append([])
                default: lines[lines.count - 1].append(byte)
                }
            }
            #expect(lines.removeLast() == [])
            #expect(lines.removeLast() == [0x2E])
            #expect(!lines.contains([0x2E]))
            let received = lines.map { $0.first == 0x2E ? Array($0.dropFirst()) : $0 }
            #expect(received == Self.lines(content))
        }
    }

    /// The lines of a content in which CR LF, CR and LF each end one.
    private static func lines(_ content: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var isOpen = false
        var previous: UInt8 = 0
        for byte in content {
            defer { previous = byte }
            if byte == 0x0A, previous == 0x0D { continue }
            if byte == 0x0D || byte == 0x0A {
                lines.append(line)
                line = []
                isOpen = false
            } else {
                line.append(byte)
                isOpen = true
            }
        }
        return isOpen ? lines + [line] : lines
    }
}
