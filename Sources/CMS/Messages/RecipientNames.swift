/// Reads whom an EnvelopedData or AuthEnvelopedData is for (RFC 5652 section 6.1, RFC 5083 section 2.1) from its first
/// octets alone: the recipients stand before the content.
public enum RecipientNames {
    /// Octets that are looked at: some hundreds of recipients.
    public static let maximumHead = 1 << 20

    /// The recipients; empty where there are none, or where the octets are not the start of such a message.
    public static func read(_ head: [UInt8]) -> [CertificateIdentifier] { (try? names(head)) ?? [] }

    private static func names(_ head: [UInt8]) throws -> [CertificateIdentifier] {
        // ContentInfo, its content, and the structure in it reach beyond what is here: only their beginnings count.
        var position = 0
        position = try inside(head, position, 0x30)
        var reader = BERReader(head, position..<head.count, depth: BERReader.maximumDepth)
        _ = try reader.objectID("content type")
        position = try inside(head, reader.position, 0xa0)
        position = try inside(head, position, 0x30)
        reader = BERReader(head, position..<head.count, depth: BERReader.maximumDepth)
        _ = try reader.smallInteger("version of EnvelopedData")
        _ = try reader.optional(0xa0)
        var infos = try reader.inside(reader.next(0x31, "recipients"))
        var recipients: [RecipientLayout] = []
        while !infos.isAtEnd { try RecipientLayout.read(&infos, into: &recipients) }
        return recipients.compactMap(\.identifier)
    }

    /// Where the content of the element at `position` begins.
    private static func inside(_ bytes: [UInt8], _ position: Int, _ tag: UInt8) throws -> Int {
        let start = bytes.dropFirst(position)
        guard start.first == tag, let length = start.dropFirst().first else {
            throw CMSError(.malformed, "an element is missing at octet \(position)")
        }
        let more = length > 0x80 ? Int(length & 0x7f) : 0
        guard more <= 8, start.count > 2 + more else {
            throw CMSError(.malformed, "a length cannot be read at octet \(position)")
        }
        return position + 2 + more
    }
}
