import MIME
import Testing

@Suite struct SevenBitSafetyTests {
    private func judge(_ source: [UInt8], _ sizes: [Int]) -> SevenBitSafety {
        var safety = SevenBitSafety()
        for piece in pieces(source, sizes) { safety.push(piece.span) }
        safety.finish()
        return safety
    }

    @Test func findsEachFact() {
        #expect(judge(bytes("one\r\ntwo\r\n"), [100]).isSafe)
        #expect(judge(bytes("ä\r\n"), [100]).hasEightBit)
        #expect(judge(bytes("ab\u{0}\r\n"), [100]).firstNUL == 2)
        #expect(judge(bytes("a\rb\r\n"), [100]).firstBareCR == 1)
        #expect(judge(bytes("a\r"), [100]).firstBareCR == 1)
        #expect(judge(bytes("a\r\nb\n"), [100]).firstBareLF == 4)
        #expect(judge(bytes("a \r\n"), [100]).hasTrailingWhitespace)
        #expect(judge(bytes("a\t"), [100]).hasTrailingWhitespace)
        #expect(judge(bytes("x\r\nFrom me\r\n"), [100]).hasFromLine)
        #expect(!judge(bytes("xFrom me\r\nFrom\r\n"), [100]).hasFromLine)
        #expect(!judge(bytes(String(repeating: "x", count: 998) + "\r\n"), [4000]).hasLongLine)
        #expect(judge(bytes(String(repeating: "x", count: 999) + "\r\n"), [4000]).hasLongLine)
    }

    @Test func piecesDoNotMatter() {
        var chance = Chance(3)
        let tokens = ["\r", "\n", "\r\n", " ", "From ", "Fr", "om ", "x", "\u{0}", "é", "\t\r\n"]
        for _ in 0..<3000 {
            let source = bytes((0..<12).map { _ in tokens.randomElement(using: &chance) ?? "" }.joined())
            let whole = judge(source, [1000])
            for sizes in [[1], [2], [1, 3], [5, 1]] {
                let cut = judge(source, sizes)
                #expect(cut.hasEightBit == whole.hasEightBit && cut.firstNUL == whole.firstNUL)
                #expect(
                    cut.firstBareCR == whole.firstBareCR && cut.firstBareLF == whole.firstBareLF,
                    "\(text(source).debugDescription)")
                #expect(cut.longestLine == whole.longestLine && cut.hasFromLine == whole.hasFromLine)
                #expect(cut.hasTrailingWhitespace == whole.hasTrailingWhitespace, "\(text(source).debugDescription)")
            }
        }
    }
}
