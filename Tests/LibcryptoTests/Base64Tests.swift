import Foundation
import Libcrypto
import TestSupport
import Testing

@Suite struct Base64Tests {
    static let sample = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 89 ^ $0 >> 5) }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func vectors(_ plain: String, _ encoded: String) {
        var output: [UInt8] = []
        Base64.encode(Array(plain.utf8).span, lineLength: 0, into: &output)
        #expect(output == Array(encoded.utf8))
        #expect(Base64.decode(Array(encoded.utf8)) == Array(plain.utf8))
    }

    static func reference(_ bytes: [UInt8], _ length: Int, _ ending: String) -> [UInt8] {
        let text = Array(Data(bytes).base64EncodedString().utf8)
        return stride(from: 0, to: text.count, by: length).flatMap {
            text[$0..<min($0 + length, text.count)] + Array(ending.utf8)
        }
    }

    @Test(arguments: [64, 76])
    func linesOfEveryLength(_ length: Int) {
        for count in 0...300 {
            let bytes = Array(Self.sample[..<count])
            var lf: [UInt8] = []
            var crlf: [UInt8] = []
            Base64.encode(bytes.span, lineLength: length, into: &lf)
            Base64.encode(bytes.span, lineLength: length, lineEnding: .crlf, into: &crlf)
            #expect(lf == Self.reference(bytes, length, "\n"))
            #expect(crlf == Self.reference(bytes, length, "\r\n"))
            #expect(Base64.decode(lf) == bytes)
            #expect(Base64.decode(crlf) == bytes)
        }
    }

    @Test func pieceSizesDoNotMatter() {
        let expected = Self.reference(Self.sample, 64, "\n")
        for size in 1...100 {
            var encoder = Base64.Encoder()
            var decoder = Base64.Decoder()
            var encoded: [UInt8] = []
            var decoded: [UInt8] = []
            for start in stride(from: 0, to: Self.sample.count, by: size) {
                encoder.push(
                    Self.sample.span.extracting(start..<min(start + size, Self.sample.count)), into: &encoded)
            }
            encoder.finish(into: &encoded)
            #expect(encoded == expected)
            for start in stride(from: 0, to: encoded.count, by: size) {
                let piece = encoded.span.extracting(start..<min(start + size, encoded.count))
                #expect(decoder.push(piece, into: &decoded) == piece.count)
            }
            #expect(decoder.isComplete)
            #expect(decoded == Self.sample)
        }
    }

    @Test(arguments: 0..<256)
    func everyCharacterAtEveryPlace(_ value: Int) {
        let clean = Self.reference(Array(Self.sample[..<96]), 128, "")
        let character = UInt8(value)
        let isBlank = [9, 10, 13, 32].contains(value)
        let inAlphabet = Data(base64Encoded: Data([character, 65, 65, 65])) != nil
        for place in [0, 1, 30, 31, 32, 33, 63, 64, 100, 127] {
            var text = clean
            text[place] = character
            var output: [UInt8] = []
            var decoder = Base64.Decoder()
            let used = decoder.push(text.span, into: &output)
            if inAlphabet {
                #expect(used == text.count)
                #expect(output == Array(Data(base64Encoded: Data(text)) ?? Data()))
            } else if isBlank {
                #expect(used == text.count)
                #expect(!decoder.isComplete)
            } else if character != UInt8(ascii: "=") {
                #expect(used == place)
            }
        }
    }

    @Test func paddingEndsTheText() {
        for wrong in ["=", "A=", "AA==A", "AAA==", "AAA=A", "AAAA=", "AA=A", "AA===", "A", "AA", "AAA", "AA=", "A*AA"] {
            #expect(Base64.decode(Array(wrong.utf8)) == nil, "\(wrong)")
        }
        #expect(Base64.decode(Array("A A\r\n=\t= \n".utf8)) == [0])
        var decoder = Base64.Decoder()
        var output: [UInt8] = []
        #expect(decoder.push(Array("AAAAAAA".utf8).span, into: &output) == 7)
        #expect(decoder.finishUnpadded(into: &output) == true)
        #expect(output == [0, 0, 0, 0, 0])
    }

    /// The check value of the CRC catalogue, and RFC 9580's initial value over nothing.
    @Test func crc24() {
        #expect(CRC24.checksum([]) == 0xB704CE)
        #expect(CRC24.checksum(Array("123456789".utf8)) == 0x21CF02)
        var pieces = CRC24()
        for start in stride(from: 0, to: Self.sample.count, by: 7) {
            pieces.update(Self.sample.span.extracting(start..<min(start + 7, Self.sample.count)))
        }
        #expect(pieces.value == CRC24.checksum(Self.sample))
    }
}
