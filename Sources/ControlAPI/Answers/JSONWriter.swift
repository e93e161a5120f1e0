/// Writes a value as JSON text (RFC 8259) in one pass, members in the order in which the type names them: answers that must
/// not be told apart are the same octets.
///
/// Foundation's encoder first makes a tree and sorts it, which was the dearest part of reading a key ring.
struct JSONWriter: Encoder {
    fileprivate let text: JSONText
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// - Throws: `EncodingError` for a number that JSON does not have.
    static func write(_ value: some Encodable) throws -> [UInt8] {
        let text = JSONText()
        try text.add(value)
        return text.octets
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Members<Key>(text: text, depth: text.open(.object)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { Elements(text: text, depth: text.open(.array)) }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(text: text) }
}

/// The text as far as it is written, and what is open in it.
private final class JSONText {
    enum Kind {
        case object, array
    }

    private(set) var octets: [UInt8] = []
    private var open: [(kind: Kind, isEmpty: Bool)] = []

    init() { octets.reserveCapacity(4096) }

    /// - Returns: the depth of what was opened.
    func open(_ kind: Kind) -> Int {
        octets.append(kind == .object ? UInt8(ascii: "{") : UInt8(ascii: "["))
        open.append((kind, true))
        return open.count
    }

    /// Begins the next member or element of what is open at a depth; what is deeper ends.
    func next(at depth: Int) {
        close(to: depth)
        guard open.indices.contains(depth - 1) else { return }
        if !open[depth - 1].isEmpty { octets.append(UInt8(ascii: ",")) }
        open[depth - 1].isEmpty = false
    }

    private func close(to depth: Int) {
        while open.count > depth, let last = open.popLast() {
            octets.append(last.kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        }
    }

    func add<T: Encodable>(_ value: T) throws {
        // Elements of arrays come this way; types are compared, because a cast that fails is slow.
        if T.self == String.self, let string = value as? String { return add(string) }
        let depth = open.count
        try value.encode(to: JSONWriter(text: self))
        close(to: depth)
    }

    func add(plain: StaticString) { plain.withUTF8Buffer { unsafe octets.append(contentsOf: $0) } }

    func add(number: some FixedWidthInteger) { octets.append(contentsOf: String(number).utf8) }

    func add(number: Double) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "JSON has no such number"))
        }
        octets.append(contentsOf: "\(number)".utf8)
    }

    func add(_ string: String) {
        octets.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { utf8 in
            var done = 0
            for unsafe(index, byte) in unsafe utf8.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                unsafe octets.append(contentsOf: utf8[done..<index])
                done = index + 1
                escape(byte)
            }
            unsafe octets.append(contentsOf: utf8[done...])
        }
        octets.append(UInt8(ascii: "\""))
    }

    private func escape(_ byte: UInt8) {
        switch byte {
        case 0x0A: add(plain: "\\n")
        case 0x0D: add(plain: "\\r")
        case 0x09: add(plain: "\\t")
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets += [UInt8(ascii: "\\"), byte]
        default:
            add(plain: byte < 0x10 ? "\\u000" : "\\u00")
            octets.append(contentsOf: String(byte, radix: 16).utf8)
        }
    }
}

/// A value without members and elements.
private struct Single: SingleValueEncodingContainer {
    let text: JSONText
    let codingPath: [any CodingKey] = []

    func encodeNil() throws { text.add(plain: "null") }
    func encode(_ value: Bool) throws { text.add(plain: value ? "true" : "false") }
    func encode(_ value: String) throws { text.add(value) }
    func encode(_ value: Double) throws { try text.add(number: value) }
    func encode(_ value: Float) throws { try text.add(number: Double(value)) }
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) throws { text.add(number: value) }
    func encode<T: Encodable>(_ value: T) throws { try text.add(value) }
}

/// The members of an object.
private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: JSONText
    let depth: Int
    let codingPath: [any CodingKey] = []

    private func begin(_ name: String) {
        text.next(at: depth)
        text.add(name)
        text.add(plain: ":")
    }

    private func begin(_ key: Key) -> JSONWriter {
        begin(key.stringValue)
        return JSONWriter(text: text)
    }

    func encodeNil(forKey key: Key) throws {
        begin(key.stringValue)
        text.add(plain: "null")
    }

    func encode(_ value: String, forKey key: Key) throws {
        begin(key.stringValue)
        text.add(value)
    }

    func encode(_ value: Bool, forKey key: Key) throws {
        begin(key.stringValue)
        text.add(plain: value ? "true" : "false")
    }

    func encode<T: FixedWidthInteger & Encodable>(_ value: T, forKey key: Key) throws {
        begin(key.stringValue)
        text.add(number: value)
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        begin(key.stringValue)
        try text.add(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { begin(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { begin(key).unkeyedContainer() }

    func superEncoder(forKey key: Key) -> any Encoder { begin(key) }

    func superEncoder() -> any Encoder {
        begin("super")
        return JSONWriter(text: text)
    }
}

/// The elements of an array.
private struct Elements: UnkeyedEncodingContainer {
    let text: JSONText
    let depth: Int
    let codingPath: [any CodingKey] = []
    private(set) var count = 0

    init(text: JSONText, depth: Int) {
        self.text = text
        self.depth = depth
    }

    private mutating func begin() -> JSONWriter {
        text.next(at: depth)
        count += 1
        return JSONWriter(text: text)
    }

    mutating func encodeNil() throws {
        _ = begin()
        text.add(plain: "null")
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        _ = begin()
        try text.add(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        begin().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { begin().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { begin() }
}
