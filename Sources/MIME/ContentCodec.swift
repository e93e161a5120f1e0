/// Content transfer encodings (RFC 2045 section 6), whole or streaming.
public enum ContentCodec {
    /// Undoes an encoding as octets stream by. 7bit, 8bit, binary and unknown encodings pass unchanged.
    public struct Decoder: Sendable {
        private var base64: Base64Decoder?
        private var quotedPrintable: QuotedPrintableDecoder?

        public init(_ encoding: TransferEncoding) {
            switch encoding {
            case .base64: base64 = Base64Decoder()
            case .quotedPrintable: quotedPrintable = QuotedPrintableDecoder()
            case .sevenBit, .eightBit, .binary, .other: break
            }
        }

        /// What was wrong so far, each kind once; offsets count encoded octets.
        public var defects: [Defect] { base64?.defects ?? quotedPrintable?.defects ?? [] }

        public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
            if base64 != nil {
                base64?.push(input, into: &output)
            } else if quotedPrintable != nil {
                quotedPrintable?.push(input, into: &output)
            } else {
                output.append(input)
            }
        }

        public mutating func finish(into output: inout [UInt8]) {
            base64?.finish(into: &output)
            quotedPrintable?.finish(into: &output)
        }
    }

    /// Applies an encoding as octets stream by. 7bit, 8bit, binary and unknown encodings pass unchanged.
    public struct Encoder: Sendable {
        private var base64: Base64Encoder?
        private var quotedPrintable: QuotedPrintableEncoder?

        /// - Parameter isText: for quoted-printable, whether line ends are line ends (see
        ///   ``QuotedPrintableEncoder/init(isText:)``).
        public init(_ encoding: TransferEncoding, isText: Bool = true) {
            switch encoding {
            case .base64: base64 = Base64Encoder()
            case .quotedPrintable: quotedPrintable = QuotedPrintableEncoder(isText: isText)
            case .sevenBit, .eightBit, .binary, .other: break
            }
        }

        public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
            if base64 != nil {
                base64?.push(input, into: &output)
            } else if quotedPrintable != nil {
                quotedPrintable?.push(input, into: &output)
            } else {
                output.append(input)
            }
        }

        public mutating func finish(into output: inout [UInt8]) {
            base64?.finish(into: &output)
            quotedPrintable?.finish(into: &output)
        }
    }

    /// The content of an encoded body, and what was wrong with it.
    public static func decode(
        _ body: ArraySlice<UInt8>, _ encoding: TransferEncoding
    ) -> (bytes: [UInt8], defects: [Defect]) {
        var decoder = Decoder(encoding)
        var output: [UInt8] = []
        decoder.push(body.span, into: &output)
        decoder.finish(into: &output)
        return (output, decoder.defects)
    }

    /// The encoded form of a content.
    public static func encode(_ content: ArraySlice<UInt8>, _ encoding: TransferEncoding, isText: Bool = true)
        -> [UInt8]
    {
        var encoder = Encoder(encoding, isText: isText)
        var output: [UInt8] = []
        encoder.push(content.span, into: &output)
        encoder.finish(into: &output)
        return output
    }
}
