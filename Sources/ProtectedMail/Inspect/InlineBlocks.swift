/// The armored blocks that stand in a text, each with the text around it.
struct InlineBlocks {
    /// One block.
    struct Block {
        enum Kind: Equatable {
            case signedText
            case message
        }
        let kind: Kind
        /// From the dashes of the first line up to and including those of the last one.
        let range: Range<Int>

        /// The armor header in lower case, which no signature covers.
        private func header(in text: [UInt8]) -> [String] {
            text[range].split(separator: Octet.lf, omittingEmptySubsequences: false).dropFirst().prefix { !$0.isBlank }
                .map { String(decoding: $0.map(Octet.lower), as: UTF8.self) }
        }

        /// The values of Charset fields in the armor header.
        func charsets(in text: [UInt8]) -> [String] {
            header(in: text).filter { $0.hasPrefix("charset:") }.map { $0.dropFirst(8).filter { !$0.isWhitespace } }
        }

        /// Whether the armor header of signed text has room for a message of its own: anything but fields with values
        /// of one word (RFC 9580, section 7.2, allows nothing but Hash).
        func hasTextInHeader(in text: [UInt8]) -> Bool {
            kind == .signedText
                && !header(in: text).allSatisfy { line in
                    guard let name = ["hash:", "charset:", "version:"].first(where: line.hasPrefix) else {
                        return false
                    }
                    let value = line.dropFirst(name.count).filter { !$0.isWhitespace && $0 != "," }
                    return name == "version:"
                        || value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
                }
        }
    }

    /// The blocks in order.
    let blocks: [Block]
    /// Whether there is anything but white space outside of the blocks.
    let hasTextOutside: Bool

    /// Finds complete blocks in the text; a block whose end is missing is none.
    init(_ text: [UInt8], maxBlocks: Int = 100) {
        var blocks: [Block] = []
        var open: (kind: Block.Kind, start: Int)?
        var outside = false
        var start = 0
        let span = text.span
        while start < text.count {
            let end = span.firstIndex(of: Octet.lf, from: start).map { $0 + 1 } ?? text.count
            let line = Self.trimmed(text[start..<end])
            if let block = open {
                if line.elementsEqual(Self.end(of: block.kind)) {
                    if blocks.count < maxBlocks { blocks.append(Block(kind: block.kind, range: block.start..<end)) }
                    open = nil
                }
            } else if line.elementsEqual("-----BEGIN PGP SIGNED MESSAGE-----".utf8) {
                open = (.signedText, start)
            } else if line.elementsEqual("-----BEGIN PGP MESSAGE-----".utf8) {
                open = (.message, start)
            } else if !line.isBlank {
                outside = true
            }
            start = end
        }
        self.blocks = blocks
        hasTextOutside = outside || open != nil || blocks.count >= maxBlocks
    }

    private static func end(of kind: Block.Kind) -> String.UTF8View {
        switch kind {
        case .signedText: "-----END PGP SIGNATURE-----".utf8
        case .message: "-----END PGP MESSAGE-----".utf8
        }
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = line
        while let last = slice.last, Octet.isBlank(last) { slice = slice.dropLast() }
        return slice
    }
}
