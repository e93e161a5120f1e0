/// Streaming base64 decoder (RFC 2045 section 6.8) that skips what is none and says so.
public struct Base64Decoder: Sendable {
    /// What was wrong so far, each kind once, with the offset of its first place in the encoded octets.
    public private(set) var defects: [Defect] = []
    private var group: UInt32 = 0
    private var digits = 0
    private var padding = 0
    private var closed = false
    private var consumed = 0

    public init() {}

    /// Decodes a piece of any size and appends the octets to `output`.
    public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + input.count / 4 * 3 + 3)
        var index = 0
        let count = input.count
        while index < count {
            // Whole quanta without anything between them, as nearly all of a body is.
            if digits == 0, padding == 0, !closed {
                while index + 4 <= count {
                    let one = Base64Decoder.table[Int(input[index])]
                    let two = Base64Decoder.table[Int(input[index + 1])]
                    let three = Base64Decoder.table[Int(input[index + 2])]
                    let four = Base64Decoder.table[Int(input[index + 3])]
                    guard one | two | three | four < 64 else { break }
                    output.append(one << 2 | two >> 4)
                    output.append(two << 4 | three >> 2)
                    output.append(three << 6 | four)
                    index += 4
                }
                guard index < count else { break }
            }
            take(input[index], at: consumed + index, into: &output)
            index += 1
        }
        consumed += count
    }

    /// Ends the input: bits that make a whole octet are still given out.
    public mutating func finish(into output: inout [UInt8]) {
        flush(into: &output, at: consumed)
    }

    private mutating func take(_ byte: UInt8, at offset: Int, into output: inout [UInt8]) {
        let value = Base64Decoder.table[Int(byte)]
        if value < 64 {
            if padding > 0 {
                flush(into: &output, at: offset)
                closed = true
            }
            if closed { note(.base64AfterPadding, offset) }
            closed = false
            group = group << 6 | UInt32(value)
            digits += 1
            if digits == 4 {
                output.append(UInt8(truncatingIfNeeded: group >> 16))
                output.append(UInt8(truncatingIfNeeded: group >> 8))
                output.append(UInt8(truncatingIfNeeded: group))
                group = 0
                digits = 0
            }
        } else if byte == ASCII.equals {
            padding += 1
            if digits + padding > 4 || digits < 2 { note(closed ? .base64Garbage : .base64Truncated, offset) }
            if digits > 0, digits + padding == 4 {
                flush(into: &output, at: offset)
                closed = true
            } else if digits == 0 {
                padding = 0
            }
        } else if !ASCII.isFWS(byte) {
            note(.base64Garbage, offset)
        }
    }

    /// Gives out the octets of an incomplete quantum.
    private mutating func flush(into output: inout [UInt8], at offset: Int) {
        switch digits {
        case 1: note(.base64Truncated, offset)
        case 2: output.append(UInt8(truncatingIfNeeded: group >> 4))
        case 3:
            output.append(UInt8(truncatingIfNeeded: group >> 10))
            output.append(UInt8(truncatingIfNeeded: group >> 2))
        default: break
        }
        if digits > 0, digits + padding != 4 { note(.base64Truncated, offset) }
        group = 0
        digits = 0
        padding = 0
    }

    private mutating func note(_ kind: Defect.Kind, _ offset: Int) {
        if !defects.contains(where: { $0.kind == kind }) { defects.append(Defect(kind, at: offset)) }
    }

    private static let table: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, byte) in Base64Encoder.alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()
}

/// Streaming base64 encoder (RFC 2045 section 6.8).
public struct Base64Encoder: Sendable {
    private let lineLength: Int
    private let lineEnd: [UInt8]
    private var carry: [UInt8] = []
    private var column = 0

    /// - Parameter lineLength: digits on a line, a multiple of 4; 0 writes one line without a line end.
    public init(lineLength: Int = 76, lineEnd: [UInt8] = [0x0D, 0x0A]) {
        self.lineLength = max(0, lineLength / 4 * 4)
        self.lineEnd = lineEnd
        carry.reserveCapacity(3)
    }

    /// Encodes a piece of any size; up to two octets wait for the next.
    public mutating func push(_ input: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + input.count / 3 * 4 + input.count / 36 + 8)
        var index = 0
        let count = input.count
        while !carry.isEmpty, index < count {
            carry.append(input[index])
            index += 1
            if carry.count == 3 {
                quantum(carry[0], carry[1], carry[2], into: &output)
                carry.removeAll(keepingCapacity: true)
            }
        }
        while index + 3 <= count {
            quantum(input[index], input[index + 1], input[index + 2], into: &output)
            index += 3
        }
        while index < count {
            carry.append(input[index])
            index += 1
        }
    }

    /// Writes the rest with its padding and, if lines are wanted, the last line end.
    public mutating func finish(into output: inout [UInt8]) {
        if carry.count == 1 {
            digits(carry[0] >> 2, carry[0] << 4 & 0x3F, nil, nil, into: &output)
        } else if carry.count == 2 {
            digits(
                carry[0] >> 2, (carry[0] << 4 | carry[1] >> 4) & 0x3F, carry[1] << 2 & 0x3F, nil, into: &output)
        }
        carry.removeAll()
        if column > 0, lineLength > 0 {
            output += lineEnd
            column = 0
        }
    }

    /// Encodes all of `bytes` on one line.
    static func encode(_ bytes: [UInt8], into output: inout [UInt8]) {
        var encoder = Base64Encoder(lineLength: 0)
        encoder.push(bytes.span, into: &output)
        encoder.finish(into: &output)
    }

    @inline(__always)
    private mutating func quantum(_ one: UInt8, _ two: UInt8, _ three: UInt8, into output: inout [UInt8]) {
        digits(one >> 2, (one << 4 | two >> 4) & 0x3F, (two << 2 | three >> 6) & 0x3F, three & 0x3F, into: &output)
    }

    @inline(__always)
    private mutating func digits(
        _ one: UInt8, _ two: UInt8, _ three: UInt8?, _ four: UInt8?, into output: inout [UInt8]
    ) {
        output.append(Base64Encoder.alphabet[Int(one)])
        output.append(Base64Encoder.alphabet[Int(two)])
        output.append(three.map { Base64Encoder.alphabet[Int($0)] } ?? ASCII.equals)
        output.append(four.map { Base64Encoder.alphabet[Int($0)] } ?? ASCII.equals)
        guard lineLength > 0 else { return }
        column += 4
        if column >= lineLength {
            output += lineEnd
            column = 0
        }
    }

    static let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
