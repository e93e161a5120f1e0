/// One parameter of a Content-Type or Content-Disposition field, continuations joined and RFC 2231 decoded.
public struct Parameter: Sendable, Hashable {
    /// The name in lower case, without the asterisks of RFC 2231.
    public let name: String
    /// The value as text. Where the character set is not one of ``Charset`` the octets are shown as UTF-8 with
    /// U+FFFD for what is none.
    public let value: String
    /// The octets of the value, quoting and percent encoding removed.
    public let bytes: [UInt8]
    /// The character set RFC 2231 states; nil where it states none.
    public let charset: String?
    /// Whether ``value`` is the text exactly.
    public let isDecoded: Bool

    /// A parameter from text.
    public init(name: String, value: String) {
        self.init(name: name.lowercased(), bytes: Array(value.utf8), charset: nil)
    }

    init(name: String, bytes: [UInt8], charset: String?) {
        self.name = name
        self.bytes = bytes
        self.charset = charset
        let text = Charset.decode(bytes, label: charset ?? "utf-8")
        value = text ?? String(decoding: bytes, as: UTF8.self)
        isDecoded = text != nil
    }
}

/// Reads `; name=value` lists (RFC 2045 section 5.1 with RFC 2231), tolerantly and in linear time.
struct ParameterList {
    private(set) var parameters: [Parameter] = []
    private(set) var defects: [(kind: Defect.Kind, name: String?)] = []

    /// Reads from the cursor to the end of the value.
    init(_ cursor: inout Cursor) {
        var pieces = Pieces()
        while true {
            var separated = false
            cursor.skipCFWS()
            while cursor.consume(ASCII.semicolon) {
                separated = true
                cursor.skipCFWS()
            }
            guard !cursor.isAtEnd else { break }
            if !separated { defects.append((.invalidParameter, nil)) }
            readOne(&cursor, into: &pieces)
        }
        (parameters, defects) = pieces.joined(after: defects)
    }

    private mutating func readOne(_ cursor: inout Cursor, into pieces: inout Pieces) {
        let nameBytes = cursor.take { byte in
            byte != ASCII.equals && byte != ASCII.semicolon && byte != ASCII.open && !ASCII.isFWS(byte)
        }
        let name = String(decoding: ASCII.lower(nameBytes), as: UTF8.self)
        cursor.skipCFWS()
        guard cursor.consume(ASCII.equals), !name.isEmpty else {
            defects.append((.invalidParameter, name.isEmpty ? nil : name))
            // Never stand still: a stray octet here would be read for ever.
            if nameBytes.isEmpty, cursor.peek != ASCII.semicolon { cursor.advance() }
            return
        }
        cursor.skipCFWS()
        var value: [UInt8]
        if cursor.peek == ASCII.quote {
            let quoted = cursor.takeQuotedString()
            value = quoted.text
            if !quoted.closed { defects.append((.invalidParameter, name)) }
            cursor.skipCFWS()
            if let next = cursor.peek, next != ASCII.semicolon { defects.append((.invalidParameter, name)) }
        } else {
            let start = cursor.position
            value = Array(cursor.take { $0 != ASCII.semicolon && $0 != ASCII.open && !ASCII.isFWS($0) })
            let end = cursor.position
            cursor.skipCFWS()
            if let next = cursor.peek, next != ASCII.semicolon {
                // "name=two words": take all up to the semicolon unless another "x=" begins there.
                defects.append((.invalidParameter, name))
                let resume = cursor.position
                let more = cursor.take { $0 != ASCII.semicolon && $0 != ASCII.equals }
                if cursor.peek == ASCII.equals || more.isEmpty {
                    cursor.move(to: resume)
                } else {
                    value = ASCII.trim(Array(cursor.slice(from: start)))
                }
            } else if end == start {
                defects.append((.invalidParameter, name))
            }
        }
        pieces.add(name, value, &defects)
    }

    /// What was said about each name, until all is read.
    private struct Pieces {
        struct Entry {
            var plain: [UInt8]?
            var extended: [UInt8]?
            var sections: [Int: (bytes: [UInt8], isEncoded: Bool)] = [:]
        }
        private var order: [String] = []
        private var entries: [String: Entry] = [:]

        mutating func add(
            _ spelled: String, _ value: [UInt8], _ defects: inout [(kind: Defect.Kind, name: String?)]
        ) {
            var base = spelled[...]
            let isEncoded = base.hasSuffix("*")
            if isEncoded { base = base.dropLast() }
            var section: Int?
            if let star = base.lastIndex(of: "*") {
                let digits = base[base.index(after: star)...]
                let isNumber = !digits.isEmpty && digits.utf8.count <= 4 && digits.utf8.allSatisfy(ASCII.isDigit)
                guard isNumber, digits == "0" || !digits.hasPrefix("0"), let number = Int(digits) else {
                    defects.append((.invalidParameter, spelled))
                    return
                }
                section = number
                base = base[..<star]
            }
            let name = String(base)
            if entries[name] == nil { order.append(name) }
            // The setter of `default:` keeps the entry unique in memory, so adding stays linear.
            func put(_ change: (inout Entry) -> Bool) {
                if !change(&entries[name, default: Entry()]) { defects.append((.duplicateParameter, name)) }
            }
            if let section {
                put { entry in
                    guard entry.sections[section] == nil else { return false }
                    entry.sections[section] = (value, isEncoded)
                    return true
                }
            } else if isEncoded {
                put { entry in
                    guard entry.extended == nil else { return false }
                    entry.extended = value
                    return true
                }
            } else {
                put { entry in
                    guard entry.plain == nil else { return false }
                    entry.plain = value
                    return true
                }
            }
        }

        /// One parameter for each name. RFC 2231 forms win over plain ones: they are written for readers that know.
        func joined(
            after earlier: [(kind: Defect.Kind, name: String?)]
        ) -> ([Parameter], [(kind: Defect.Kind, name: String?)]) {
            var defects = earlier
            var parameters: [Parameter] = []
            for name in order {
                guard let entry = entries[name] else { continue }
                let forms =
                    (entry.plain == nil ? 0 : 1) + (entry.extended == nil ? 0 : 1) + (entry.sections.isEmpty ? 0 : 1)
                if forms > 1 { defects.append((.duplicateParameter, name)) }
                if let extended = entry.extended {
                    let (charset, bytes, valid) = ParameterList.splitCharset(extended)
                    if !valid { defects.append((.invalidParameter, name)) }
                    parameters.append(Parameter(name: name, bytes: bytes, charset: charset))
                } else if entry.sections[0] != nil {
                    var bytes: [UInt8] = []
                    var charset: String?
                    var index = 0
                    while let section = entry.sections[index] {
                        if !section.isEncoded {
                            bytes += section.bytes
                        } else if index == 0 {
                            let (stated, first, valid) = ParameterList.splitCharset(section.bytes)
                            if !valid { defects.append((.invalidParameter, name)) }
                            charset = stated
                            bytes += first
                        } else {
                            bytes += ParameterList.percentDecode(section.bytes[...])
                        }
                        index += 1
                    }
                    if index != entry.sections.count { defects.append((.invalidParameter, name)) }
                    parameters.append(Parameter(name: name, bytes: bytes, charset: charset))
                } else if let plain = entry.plain {
                    if !entry.sections.isEmpty { defects.append((.invalidParameter, name)) }
                    parameters.append(Parameter(name: name, bytes: plain, charset: nil))
                } else {
                    defects.append((.invalidParameter, name))
                }
            }
            return (parameters, defects)
        }
    }

    /// `charset'language'text` of RFC 2231 section 4.
    private static func splitCharset(_ value: [UInt8]) -> (charset: String?, bytes: [UInt8], valid: Bool) {
        guard let first = value.firstIndex(of: ASCII.apostrophe),
            let second = value[(first + 1)...].firstIndex(of: ASCII.apostrophe)
        else { return (nil, percentDecode(value[...]), false) }
        let label = String(decoding: value[..<first], as: UTF8.self)
        return (label.isEmpty ? nil : label, percentDecode(value[(second + 1)...]), true)
    }

    private static func percentDecode(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var cursor = Cursor(Array(value))
        var bytes: [UInt8] = []
        while let byte = cursor.next() {
            if byte == ASCII.percent, let high = cursor.peek.flatMap(ASCII.hex),
                let low = cursor.peek(ahead: 1).flatMap(ASCII.hex)
            {
                bytes.append(high << 4 | low)
                cursor.advance(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
