/// ASCII armor of whole objects in memory (RFC 9580 section 6).
public enum Armor {
    /// Armors octets: LF line ends, lines of 64 characters, a checksum only where GnuPG needs it.
    public static func encode(_ bytes: [UInt8], kind: ArmorKind, headers: [ArmorHeader] = []) -> [UInt8] {
        let encoder = ArmorEncoder(kind: kind, headers: headers)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 48 * 65 + 200)
        encoder.push(bytes.span, into: &output)
        encoder.finish(into: &output)
        return output
    }

    /// All armored objects in a text, in their order; the text around them is passed over.
    ///
    /// - Throws: what `ArmorDecoder` throws for the first broken object. Text without any object gives an empty list.
    public static func decode(_ text: [UInt8]) throws -> [ArmorBlock] {
        var blocks: [ArmorBlock] = []
        let span = text.span
        var position = 0
        while position < text.count {
            let decoder = ArmorDecoder()
            var output: [UInt8] = []
            do {
                let rest = span.extracting(droppingFirst: position)
                position += try decoder.push(rest, into: &output)
                if !decoder.isFinished { try decoder.finish(into: &output) }
            } catch let error as OpenPGPError {
                if decoder.kind == nil { return blocks }
                throw error.moved(by: position)
            }
            guard let kind = decoder.kind else { return blocks }
            blocks.append(
                ArmorBlock(kind: kind, headers: decoder.headers, bytes: output, checksum: decoder.checksum))
        }
        return blocks
    }

    /// Whether octets are to be read as armor: they hold an armor header line, or are text and no packet.
    public static func isArmored(_ bytes: [UInt8]) -> Bool { isArmored(bytes.span) }

    /// Whether data that begins with `prefix` is to be read as armor: packets begin with an octet above 127, text of
    /// any encoding but a UTF-8 byte order mark does not.
    public static func isArmored(_ prefix: Span<UInt8>) -> Bool {
        guard let first = prefix.octet(0) else { return false }
        if first < 0x80 { return true }
        return first == 0xEF && prefix.octet(1) == 0xBB && prefix.octet(2) == 0xBF
    }

    /// Packets from octets that may be armored: every object of the text, or the octets themselves.
    static func dearmored(_ bytes: [UInt8]) throws -> [[UInt8]] {
        guard isArmored(bytes) else { return [bytes] }
        return try decode(bytes).map(\.bytes)
    }
}
