import MIME
import Testing

@Suite struct ContentCodecTests {
    private func decode(_ source: [UInt8], _ encoding: TransferEncoding, _ sizes: [Int]) -> ([UInt8], [Defect.Kind]) {
        var decoder = ContentCodec.Decoder(encoding)
        var output: [UInt8] = []
        for piece in pieces(source, sizes) { decoder.push(piece.span, into: &output) }
        decoder.finish(into: &output)
        return (output, decoder.defects.map(\.kind))
    }

    private func encode(_ source: [UInt8], _ encoding: TransferEncoding, text: Bool, _ sizes: [Int]) -> [UInt8] {
        var encoder = ContentCodec.Encoder(encoding, isText: text)
        var output: [UInt8] = []
        for piece in pieces(source, sizes) { encoder.push(piece.span, into: &output) }
        encoder.finish(into: &output)
        return output
    }

    @Test func base64VectorsOfRFC4648() {
        let vectors = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (plain, coded) in vectors {
            let encoded = text(ContentCodec.encode(bytes(plain)[...], .base64))
            #expect(encoded == (coded.isEmpty ? "" : coded + "\r\n"))
            let (decoded, defects) = ContentCodec.decode(bytes(coded)[...], .base64)
            #expect(decoded == bytes(plain) && defects.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("Zm9v!Zm9v", "foofoo", [Defect.Kind.base64Garbage]),
            ("Zg==Zm9v", "ffoo", [.base64AfterPadding]),
            ("Zm9vZ", "foo", [.base64Truncated]),
            ("Zm9vZm8", "foofo", [.base64Truncated]),
            ("Z=g=Zm9v", nil, nil),
            ("=Zm9v", "foo", [.base64Truncated]),
        ] as [(String, String?, [Defect.Kind]?)])
    func base64IsTolerant(source: String, expected: String?, kinds: [Defect.Kind]?) {
        let (decoded, defects) = ContentCodec.decode(bytes(source)[...], .base64)
        if let expected { #expect(text(decoded) == expected) }
        if let kinds { #expect(defects.map(\.kind) == kinds) } else { #expect(!defects.isEmpty) }
    }

    @Test(arguments: [
        ("a=20b=\r\nc", "a bc", [Defect.Kind]()),
        ("a  \r\nb", "a\r\nb", []),
        ("a= \t\r\nb", "ab", []),
        ("a=\nb\n", "ab\n", []),
        ("a=3db", "a=b", []),
        ("a=zzb=4x=", "a=zzb=4x", [.quotedPrintableEscape]),
        ("a= b", "a= b", [.quotedPrintableEscape]),
        ("é", "é", [.quotedPrintableRaw]),
        ("a\rb", "a\rb", []),
    ])
    func quotedPrintableIsTolerant(source: String, expected: String, kinds: [Defect.Kind]) {
        let (decoded, defects) = ContentCodec.decode(bytes(source)[...], .quotedPrintable)
        #expect(text(decoded) == expected)
        #expect(defects.map(\.kind) == kinds)
        #expect(decode(bytes(source), .quotedPrintable, [1]).0 == decoded)
    }

    @Test func whatIsEncodedIsSafeAndComesBack() {
        var chance = Chance(11)
        let tokens: [[UInt8]] = [
            [13, 10], [10], [13], [32], [9], bytes("From "), bytes("."), bytes("="), [0], [200, 255], bytes("hello"),
            bytes("F"),
        ]
        for round in 0..<1500 {
            let source = (0..<(round % 120)).flatMap { _ in tokens.randomElement(using: &chance) ?? [] }
            for sizes in [[1000], [1], [2, 5]] {
                let base64 = encode(source, .base64, text: false, sizes)
                #expect(base64 == encode(source, .base64, text: false, [100_000]))
                #expect(decode(base64, .base64, sizes).0 == source)
                let binary = encode(source, .quotedPrintable, text: false, sizes)
                #expect(decode(binary, .quotedPrintable, sizes).0 == source)
                let lines = encode(source, .quotedPrintable, text: true, sizes)
                #expect(lines == encode(source, .quotedPrintable, text: true, [100_000]))
                for coded in [base64, binary, lines] {
                    var safety = SevenBitSafety()
                    safety.push(coded.span)
                    safety.finish()
                    #expect(safety.isSafe && safety.longestLine <= 76, "\(text(coded).debugDescription)")
                }
            }
        }
        // In text mode a bare LF becomes a line end; with CRLF only, all comes back.
        let clean = bytes("From me\r\n.dot\r\n trailing \t\r\n\r\nend=\r\n")
        #expect(decode(encode(clean, .quotedPrintable, text: true, [3]), .quotedPrintable, [4]).0 == clean)
    }
}
