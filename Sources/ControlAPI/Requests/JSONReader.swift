import Guard
import Libcrypto

/// Reads one JSON text (RFC 8259), strictly: nothing before or after it, no member twice, no lone surrogates, nothing
/// deeper than 32 levels. Time is linear, memory a small multiple of the input.
struct JSONReader {
    private let input: [UInt8]
    private var position = 0
    private let secrets: Set<String>

    /// - Parameter secrets: names of members, in lower case, whose strings become `JSONValue.secret`.
    /// - Throws: `GuardError` with code `badParameter`, which names the offset.
    static func read(_ input: [UInt8], secrets: Set<String> = []) throws(GuardError) -> JSONValue {
        guard (try? UTF8Span(validating: input.span)) != nil else {
            throw GuardError(.badParameter, "the JSON is no UTF-8")
        }
        var reader = JSONReader(input: input, secrets: secrets)
        let value = try reader.value(depth: 0, isSecret: false)
        reader.skipSpace()
        guard reader.peek == nil else { throw reader.bad("something follows the value") }
        return value
    }

    private init(input: [UInt8], secrets: Set<String>) {
        self.input = input
        self.secrets = secrets
    }

    private var peek: UInt8? { position < input.count ? input[position] : nil }

    private func bad(_ what: String) -> GuardError {
        GuardError(.badParameter, "JSON, octet \(position): \(what)")
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func value(depth: Int, isSecret: Bool) throws(GuardError) -> JSONValue {
        guard depth < 32 else { throw bad("nested too deeply") }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""):
            var octets = try string()
            guard isSecret else { return .string(octets) }
            defer { octets.wipe() }
            return .secret(SecretBytes(copying: octets))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(GuardError) -> JSONValue {
        for expected in "\(text)".utf8 {
            guard peek == expected else { throw bad("no value") }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(GuardError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if peek == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw bad("the name of a member is missing") }
            let name = String(decoding: try string(), as: UTF8.self)
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw bad("a colon is missing") }
            position += 1
            let member = try value(depth: depth + 1, isSecret: secrets.contains(name.lowercased()))
            guard members.updateValue(member, forKey: name) == nil else { throw bad("a member is there twice") }
            skipSpace()
            defer { position += 1 }
            if peek == UInt8(ascii: "}") { return .object(members) }
            guard peek == UInt8(ascii: ",") else { throw bad("a comma is missing") }
        }
    }

    private mutating func array(depth: Int) throws(GuardError) -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if peek == UInt8(ascii: "]") {
            position += 1
            return .array(values)
        }
        while true {
            values.append(try value(depth: depth + 1, isSecret: false))
            skipSpace()
            defer { position += 1 }
            if peek == UInt8(ascii: "]") { return .array(values) }
            guard peek == UInt8(ascii: ",") else { throw bad("a comma is missing") }
        }
    }

    private mutating func string() throws(GuardError) -> [UInt8] {
        position += 1
        var octets: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return octets
            case UInt8(ascii: "\\"): try escape(into: &octets)
            case 0..<0x20: throw bad("a control character within a string")
            default: octets.append(byte)
            }
        }
        throw bad("a string does not end")
    }

    private mutating func escape(into octets: inout [UInt8]) throws(GuardError) {
        guard let byte = peek else { throw bad("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): octets.append(byte)
        case UInt8(ascii: "b"): octets.append(0x08)
        case UInt8(ascii: "f"): octets.append(0x0C)
        case UInt8(ascii: "n"): octets.append(0x0A)
        case UInt8(ascii: "r"): octets.append(0x0D)
        case UInt8(ascii: "t"): octets.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimal())
            if (0xD800..<0xDC00).contains(code) {
                guard peek == UInt8(ascii: "\\") else { throw bad("half a surrogate pair") }
                position += 1
                guard peek == UInt8(ascii: "u") else { throw bad("half a surrogate pair") }
                position += 1
                let low = UInt32(try hexadecimal())
                guard (0xDC00..<0xE000).contains(low) else { throw bad("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw bad("half a surrogate pair") }
            octets.append(contentsOf: String(Character(scalar)).utf8)
        default: throw bad("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(GuardError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = byte.hexadecimalDigit else {
                throw bad("four hexadecimal digits are missing")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws(GuardError) -> JSONValue {
        let start = position
        func digits(_ reader: inout JSONReader) -> Int {
            let first = reader.position
            while let byte = reader.peek, (0x30...0x39).contains(byte) { reader.position += 1 }
            return reader.position - first
        }
        if peek == UInt8(ascii: "-") { position += 1 }
        let leading = peek
        let count = digits(&self)
        guard count > 0, count == 1 || leading != UInt8(ascii: "0") else { throw bad("no value") }
        var isWhole = true
        if peek == UInt8(ascii: ".") {
            position += 1
            isWhole = false
            guard digits(&self) > 0 else { throw bad("a number does not end") }
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            isWhole = false
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            guard digits(&self) > 0 else { throw bad("a number does not end") }
        }
        guard position - start <= 400 else { throw bad("the number is too long") }
        let text = String(decoding: input[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw bad("the number is too large") }
        return .number(number)
    }
}
