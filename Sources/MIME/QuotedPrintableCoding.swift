/// Streaming quoted-printable decoder (RFC 2045 section 6.7), tolerant: what is no escape stays as it is.
public struct QuotedPrintableDecoder: Sendable {
    /// What was wrong so far, each kind once, with the offset of its first place in the encoded octets.
    public private(set) var defects: [Defect] = []

    private enum State: Sendable {
        case text
        case equals
        case digit(UInt8)
        case softBreak
    }
    private var state = State.text
    /// White space, or a CR, of which the next octets decide whether it stays.
    private var held: [UInt8] = []
    private var consumed = 0

    public init() {}

    /// Decodes a piece of any size and appends the octets to `output`. Line ends stay as they are.
    public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + input.count)
        for index in 0..<input.count { take(input[index], at: consumed + index, into: &output) }
        consumed += input.count
    }

    /// Ends the input.
    public mutating func finish(into output: inout [UInt8]) {
        switch state {
        case .text: output += held.filter { !ASCII.isWSP($0) }
        case .equals, .softBreak: break
        case .digit(let first):
            note(.quotedPrintableEscape, consumed)
            output += [ASCII.equals, first]
        }
        state = .text
        held = []
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8, at offset: Int, into output: inout [UInt8]) {
        switch state {
        case .text: text(byte, at: offset, into: &output)
        case .equals:
            if ASCII.hex(byte) != nil {
                state = .digit(byte)
            } else if byte == ASCII.lf {
                state = .text
            } else if ASCII.isFWS(byte) {
                state = .softBreak
                held = [byte]
            } else {
                literal([ASCII.equals], byte, at: offset, into: &output)
            }
        case .digit(let first):
            if let high = ASCII.hex(first), let low = ASCII.hex(byte) {
                output.append(high << 4 | low)
                state = .text
            } else {
                literal([ASCII.equals, first], byte, at: offset, into: &output)
            }
        case .softBreak:
            if byte == ASCII.lf {
                state = .text
                held.removeAll(keepingCapacity: true)
            } else if ASCII.isFWS(byte) {
                held.append(byte)
            } else {
                let white = held
                held = []
                literal([ASCII.equals] + white, byte, at: offset, into: &output)
            }
        }
    }

    @inline(__always)
    private mutating func text(_ byte: UInt8, at offset: Int, into output: inout [UInt8]) {
        switch byte {
        case ASCII.lf:
            // White space at the end of a line was added in transport.
            if held.last == ASCII.cr { output.append(ASCII.cr) }
            held.removeAll(keepingCapacity: true)
            output.append(ASCII.lf)
        case ASCII.space, ASCII.tab, ASCII.cr:
            if held.last == ASCII.cr { flush(into: &output) }
            held.append(byte)
        default:
            if !held.isEmpty { flush(into: &output) }
            if byte == ASCII.equals {
                state = .equals
            } else {
                if byte < ASCII.space || byte >= ASCII.delete { note(.quotedPrintableRaw, offset) }
                output.append(byte)
            }
        }
    }

    private mutating func flush(into output: inout [UInt8]) {
        output += held
        held.removeAll(keepingCapacity: true)
    }

    /// No escape after all: its octets stay, and `byte` is text.
    private mutating func literal(_ octets: [UInt8], _ byte: UInt8, at offset: Int, into output: inout [UInt8]) {
        note(.quotedPrintableEscape, offset)
        output += octets
        state = .text
        text(byte, at: offset, into: &output)
    }

    private mutating func note(_ kind: Defect.Kind, _ offset: Int) {
        if !defects.contains(where: { $0.kind == kind }) { defects.append(Defect(kind, at: offset)) }
    }
}

/// Streaming quoted-printable encoder (RFC 2045 section 6.7).
///
/// What it writes survives signing and transport: lines of at most 76 octets with CRLF, no white space at their ends,
/// none that starts with "From " or with a dot.
public struct QuotedPrintableEncoder: Sendable {
    private let isText: Bool
    private var column = 0
    /// A space, tab or CR, of which the next octet decides how it is written.
    private var held: UInt8?

    /// - Parameter isText: line ends of the input (CRLF, or LF alone) become line ends; else they are content and
    ///   escaped.
    public init(isText: Bool = true) { self.isText = isText }

    /// Encodes a piece of any size; one octet may wait for the next.
    public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + input.count + input.count / 16)
        for index in 0..<input.count { take(input[index], into: &output) }
    }

    /// Writes what waits. No line end is added.
    public mutating func finish(into output: inout [UInt8]) {
        if let byte = held { escape(byte, into: &output) }
        held = nil
        column = 0
    }

    private mutating func take(_ byte: UInt8, into output: inout [UInt8]) {
        if let waiting = held {
            held = nil
            if waiting == ASCII.cr {
                if byte == ASCII.lf { return lineBreak(into: &output) }
                escape(ASCII.cr, into: &output)
            } else if isText, byte == ASCII.cr || byte == ASCII.lf {
                escape(waiting, into: &output)
            } else {
                plain(waiting, into: &output)
            }
        }
        switch byte {
        case ASCII.lf where isText: lineBreak(into: &output)
        case ASCII.cr where isText: held = byte
        case ASCII.space, ASCII.tab: held = byte
        case ASCII.equals: escape(byte, into: &output)
        case 0x21...0x7E: plain(byte, into: &output)
        default: escape(byte, into: &output)
        }
    }

    private mutating func lineBreak(into output: inout [UInt8]) {
        output += ASCII.crlf
        column = 0
    }

    private mutating func room(_ count: Int, into output: inout [UInt8]) {
        guard column + count > 75 else { return }
        output.append(ASCII.equals)
        lineBreak(into: &output)
    }

    private mutating func plain(_ byte: UInt8, into output: inout [UInt8]) {
        room(1, into: &output)
        // "F" of "From ", and the dot that SMTP doubles and careless relays lose.
        if column == 0, byte == 0x46 || byte == ASCII.dot { return escape(byte, into: &output) }
        output.append(byte)
        column += 1
    }

    private mutating func escape(_ byte: UInt8, into output: inout [UInt8]) {
        room(3, into: &output)
        output.append(ASCII.equals)
        output.append(ASCII.hexDigit(byte >> 4))
        output.append(ASCII.hexDigit(byte & 0x0F))
        column += 3
    }
}
