/// A remark on a signature (RFC 9580 section 5.2.3.24).
public struct Notation: Sendable, Hashable {
    /// Name, by custom `name@domain`.
    public var name: String
    /// Content.
    public var value: [UInt8]
    /// Whether the content is text for people.
    public var isText: Bool
    /// Whether those who do not know the name must refuse the signature.
    public var isCritical: Bool

    /// Makes a notation.
    public init(_ name: String, value: [UInt8], isText: Bool, isCritical: Bool = false) {
        self.name = name
        self.value = value
        self.isText = isText
        self.isCritical = isCritical
    }

    /// Makes a notation of text.
    public init(_ name: String, _ text: String, isCritical: Bool = false) {
        self.init(name, value: Array(text.utf8), isText: true, isCritical: isCritical)
    }

    /// Reads a subpacket; nil for other types and broken content.
    init?(_ subpacket: Subpacket) {
        let body = Array(subpacket.body)
        guard subpacket.type == .notationData, body.count >= 8 else { return nil }
        let nameCount = Int(body[4]) << 8 | Int(body[5])
        let valueCount = Int(body[6]) << 8 | Int(body[7])
        guard body.count == 8 + nameCount + valueCount else { return nil }
        self.init(
            String(decoding: body[8..<8 + nameCount], as: UTF8.self), value: Array(body[(8 + nameCount)...]),
            isText: body[0] & 0x80 != 0, isCritical: subpacket.isCritical)
    }

    /// - Throws: `invalidArgument` where name or content do not fit.
    func subpacket() throws -> Subpacket {
        let name = Array(name.utf8)
        guard (1...1024).contains(name.count), value.count <= 16384 else {
            throw OpenPGPError(.invalidArgument, "name or content of a notation is too long")
        }
        let lengths = [name.count, value.count].flatMap { count in
            [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        }
        return Subpacket(.notationData, critical: isCritical, [isText ? 0x80 : 0, 0, 0, 0] + lengths + name + value)
    }
}

extension Signature {
    /// The remarks that the signature covers.
    public var notations: [Notation] { hashedArea.compactMap(Notation.init) }
}
