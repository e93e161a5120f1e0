/// A mail message as a tree of byte ranges over one buffer.
///
/// Nothing is ever re-serialised that was not edited: ``serialized()`` of a message without edits gives the very
/// octets it was parsed from, however broken they are.
public struct Message: Sendable {
    /// The octets the message was parsed from.
    public let bytes: [UInt8]
    public let root: Entity
    /// What is wrong anywhere in the message, in no particular order.
    public var defects: [Defect]
    /// Edits in the order of their ranges.
    private var edits: [Edit] = []

    private struct Edit {
        let range: Range<Int>
        let replacement: [UInt8]
    }

    /// Parses any octets: there is nothing that is not a message, only defects.
    ///
    /// - Throws: ``MIMEError`` when a limit is passed.
    public init(parsing bytes: [UInt8], limits: Limits = .standard) throws(MIMEError) {
        self.bytes = bytes
        var parser = MessageParser(bytes, limits)
        root = try parser.parse()
        defects = parser.lineDefects()
        for entity in root.flattened { defects += entity.defects }
    }

    /// Whether two common readers may see different messages in these octets (see ``Defect/isStructural``).
    public var isAmbiguous: Bool { defects.contains(where: \.isStructural) }

    /// The octets of a range; empty where it reaches outside of the message.
    public func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
        range.lowerBound >= 0 && range.upperBound <= bytes.count ? bytes[range] : []
    }

    /// The body of an entity as it stands.
    public func body(of entity: Entity) -> ArraySlice<UInt8> { slice(entity.bodyRange) }

    /// The body of an entity with its transfer encoding undone, and what was wrong with it (offsets in the body).
    public func decodedBody(of entity: Entity) -> (bytes: [UInt8], defects: [Defect]) {
        ContentCodec.decode(body(of: entity), entity.transferEncoding)
    }

    /// The text of an entity: body decoded, then read in its character set; nil when the character set is none of
    /// ``Charset``.
    public func text(of entity: Entity) -> String? {
        Charset.decode(decodedBody(of: entity).bytes, label: entity.contentType.parameter("charset") ?? "us-ascii")
    }

    /// Replaces the octets of a range when the message is written. The tree keeps describing the original.
    ///
    /// - Throws: ``MIMEError/Code/invalidEdit`` when the range reaches outside of the message or overlaps another edit.
    public mutating func replace(_ range: Range<Int>, with replacement: [UInt8]) throws(MIMEError) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw MIMEError(.invalidEdit, "the edit reaches outside of the message", offset: range.lowerBound)
        }
        let index = edits.firstIndex { $0.range.lowerBound > range.lowerBound } ?? edits.count
        if index > 0, edits[index - 1].range.upperBound > range.lowerBound {
            throw MIMEError(.invalidEdit, "the edit overlaps another", offset: range.lowerBound)
        }
        if index < edits.count, edits[index].range.lowerBound < range.upperBound {
            throw MIMEError(.invalidEdit, "the edit overlaps another", offset: range.lowerBound)
        }
        edits.insert(Edit(range: range, replacement: replacement), at: index)
    }

    /// The octets of the message with its edits.
    public func serialized() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var position = 0
        for edit in edits {
            output += bytes[position..<edit.range.lowerBound]
            output += edit.replacement
            position = edit.range.upperBound
        }
        output += bytes[position...]
        return output
    }

    /// The octets put together again from the leaves of the tree alone: header ranges, blank lines, preambles,
    /// delimiters, bodies, epilogues. Equal to ``bytes`` when the ranges of the tree leave nothing out and repeat
    /// nothing, which is what tests ask.
    public func reassembled() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        reassemble(root, into: &output)
        return output
    }

    private func reassemble(_ entity: Entity, into output: inout [UInt8]) {
        output += slice(entity.header.range)
        output += slice(entity.header.separator)
        guard let preamble = entity.preamble else {
            if let inner = entity.children.first {
                reassemble(inner, into: &output)
            } else {
                output += body(of: entity)
            }
            return
        }
        output += slice(preamble)
        for (index, delimiter) in entity.delimiters.enumerated() {
            output += slice(delimiter)
            if index < entity.children.count { reassemble(entity.children[index], into: &output) }
        }
        if let epilogue = entity.epilogue { output += slice(epilogue) }
    }
}
