/// Encoded words in header fields: `=?charset?B?text?=` and `=?charset?Q?text?=` (RFC 2047).
public enum EncodedWord {
    /// A header text with its encoded words decoded.
    public struct Decoded: Sendable, Equatable {
        /// The text; octets outside of encoded words that are not UTF-8 became U+FFFD.
        public let text: String
        /// Whether there was at least one encoded word that could be decoded.
        public let hadWords: Bool
        /// Character sets of words that could not be decoded; those words stand in the text as they came.
        public let undecoded: [String]
    }

    /// Decodes all encoded words in an unfolded value. Words that cannot be decoded stay as they are.
    public static func decode(_ bytes: [UInt8]) -> String { decodeReporting(bytes).text }

    /// As ``decode(_:)``, and says what could not be decoded.
    public static func decodeReporting(_ bytes: [UInt8]) -> Decoded {
        var output = Output()
        var cursor = Cursor(bytes)
        var plainStart = 0
        while let byte = cursor.peek {
            let start = cursor.position
            guard byte == ASCII.equals, cursor.peek(ahead: 1) == ASCII.question, let word = takeWord(&cursor) else {
                cursor.move(to: start + 1)
                continue
            }
            output.plain(bytes[plainStart..<start], beforeWord: true)
            output.word(word, source: bytes[start..<cursor.position])
            plainStart = cursor.position
        }
        output.plain(bytes[plainStart...], beforeWord: false)
        output.flush()
        return Decoded(text: output.text, hadWords: output.hadWords, undecoded: output.undecoded)
    }

    /// `text` as a header value: as it is when it is ASCII and short of anything that would read as an encoded word,
    /// else as UTF-8 encoded words of at most 75 octets, separated by single spaces (where folding may break).
    public static func encode(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        let plain = bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !text.contains("=?")
        if plain { return bytes }
        var words: [[UInt8]] = []
        var piece: [UInt8] = []
        for scalar in text.unicodeScalars {
            let next = Array(String(scalar).utf8)
            // 39 octets make 52 of base64, with the frame of 12 a word of 64: a line has at most 76 (RFC 2047, section 2),
            // and the name of the field is on the first.
            if piece.count + next.count > 39 {
                words.append(piece)
                piece = []
            }
            piece += next
        }
        words.append(piece)
        return Array(
            words.map { word in
                var encoded: [UInt8] = []
                Base64Encoder.encode(word, into: &encoded)
                return Array("=?UTF-8?B?".utf8) + encoded + Array("?=".utf8)
            }.joined(separator: [ASCII.space]))
    }

    struct Word {
        let charset: String
        let octets: [UInt8]
    }

    /// Reads one word, "=?" being next. A scan ends at the first "?" it does not want, so that all of them together
    /// stay linear.
    private static func takeWord(_ cursor: inout Cursor) -> Word? {
        cursor.advance(2)
        let label = cursor.take { $0 != ASCII.question && $0 > ASCII.space && $0 < ASCII.delete && $0 != ASCII.equals }
        guard !label.isEmpty, cursor.consume(ASCII.question), let method = cursor.next(),
            cursor.consume(ASCII.question)
        else { return nil }
        let text = cursor.take { $0 != ASCII.question }
        guard cursor.consume(ASCII.question), cursor.consume(ASCII.equals) else { return nil }
        // RFC 2231 section 5: a language may follow the charset.
        let charset = String(decoding: label.prefix { $0 != ASCII.asterisk }, as: UTF8.self)
        switch ASCII.lower(method) {
        case 0x62:
            var decoder = Base64Decoder()
            var octets: [UInt8] = []
            decoder.push(Array(text).span, into: &octets)
            decoder.finish(into: &octets)
            return Word(charset: charset, octets: octets)
        case 0x71: return Word(charset: charset, octets: decodeQ(text))
        default: return nil
        }
    }

    private static func decodeQ(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var cursor = Cursor(Array(text))
        var octets: [UInt8] = []
        while let byte = cursor.next() {
            if byte == ASCII.underscore {
                octets.append(ASCII.space)
            } else if byte == ASCII.equals, let high = cursor.peek.flatMap(ASCII.hex),
                let low = cursor.peek(ahead: 1).flatMap(ASCII.hex)
            {
                octets.append(high << 4 | low)
                cursor.advance(2)
            } else {
                octets.append(byte)
            }
        }
        return octets
    }

    /// Collects the text. Words of one charset that follow each other are decoded together, because writers split
    /// characters between them; white space between two words is dropped (RFC 2047 section 6.2).
    private struct Output {
        var text = ""
        var hadWords = false
        var undecoded: [String] = []
        private var pending: (charset: String, octets: [UInt8], source: [UInt8])?
        private var gap: [UInt8] = []

        mutating func plain(_ bytes: ArraySlice<UInt8>, beforeWord: Bool) {
            guard !bytes.isEmpty else { return }
            if beforeWord, pending != nil, bytes.allSatisfy({ ASCII.isFWS($0) }) {
                gap = Array(bytes)
                return
            }
            flush()
            text += String(decoding: bytes, as: UTF8.self)
        }

        mutating func word(_ word: Word, source: ArraySlice<UInt8>) {
            if var waiting = pending, waiting.charset.lowercased() == word.charset.lowercased() {
                pending = nil
                waiting.octets += word.octets
                waiting.source += gap + source
                pending = waiting
            } else {
                flush()
                pending = (word.charset, word.octets, Array(source))
            }
            gap = []
        }

        mutating func flush() {
            guard let waiting = pending else { return }
            pending = nil
            if let decoded = Charset.decode(waiting.octets, label: waiting.charset) {
                hadWords = true
                text += decoded
            } else {
                undecoded.append(waiting.charset)
                text += String(decoding: waiting.source, as: UTF8.self)
                text += String(decoding: gap, as: UTF8.self)
            }
            gap = []
        }
    }
}
