import Libcrypto
import MIME

/// The field by which guardd knows its own output when a content filter or a list server hands it back.
///
///     Guardd-Marker: v=1; x=<expiry, Unix seconds>; m=<mac>,<mac>...
///
/// `v=own` marks mail that guardd itself has written; its MACs are others.
///
/// There is one MAC for each recipient, over the digest of the body, the expiry and that recipient, so that a filter
/// may split the message; the MACs are sorted, their order says nothing. A marker proves nothing about a message with
/// another body, for another recipient, or later.
struct Marker: Equatable {
    static let name = "Guardd-Marker"
    private static let maxRecipients = 1000

    /// What is marked.
    enum Kind: String {
        /// A message that guardd has protected.
        case output = "1"
        /// A message that guardd has written: a reset, an invitation, a notice.
        case own
    }

    let kind: Kind
    let expiry: Int64
    let macs: [String]

    /// Makes a marker; nil for more recipients than a field should hold.
    init?(
        _ kind: Kind = .output, key: SecretBytes, bodyDigest: [UInt8], recipients: [String], expiry: Int64
    ) throws {
        guard !recipients.isEmpty, recipients.count <= Marker.maxRecipients else { return nil }
        self.kind = kind
        self.expiry = expiry
        macs = try recipients.map { try Marker.mac(kind, key, bodyDigest, $0, expiry) }.sorted()
    }

    /// Reads a field value; nil when it is not one of ours.
    init?(parsing value: [UInt8]) {
        guard value.count < 64 << 10, let text = String(validating: value.filter { $0 > 0x20 }, as: UTF8.self) else {
            return nil
        }
        let tags = text.split(separator: ";", omittingEmptySubsequences: false)
        guard tags.count == 3, tags[0].hasPrefix("v="), let kind = Kind(rawValue: String(tags[0].dropFirst(2))),
            tags[1].hasPrefix("x="), tags[2].hasPrefix("m="), let expiry = Int64(tags[1].dropFirst(2))
        else { return nil }
        self.kind = kind
        self.expiry = expiry
        macs = tags[2].dropFirst(2).split(separator: ",").map(String.init)
        guard !macs.isEmpty, macs.count <= Marker.maxRecipients else { return nil }
    }

    /// The value, with its leading space, folded with LF.
    var value: String { " v=\(kind.rawValue); x=\(expiry);\n\tm=\(macs.joined(separator: ",\n\t"))" }

    /// Whether every recipient is covered, for this body and now.
    func covers(key: SecretBytes, bodyDigest: [UInt8], recipients: [String], now: Int64) throws -> Bool {
        guard now <= expiry, !recipients.isEmpty, recipients.count <= Marker.maxRecipients else { return false }
        let known = macs.map { Array($0.utf8) }
        return try recipients.allSatisfy { recipient in
            let wanted = Array(try Marker.mac(kind, key, bodyDigest, recipient, expiry).utf8)
            return known.reduce(false) { found, mac in constantTimeEqual(mac, wanted) || found }
        }
    }

    private static func mac(
        _ kind: Kind, _ key: SecretBytes, _ digest: [UInt8], _ recipient: String, _ expiry: Int64
    ) throws -> String {
        let data =
            Array("guardd \(kind == .own ? "mail" : "marker") v1\0\(expiry)\0".utf8) + digest + Array(recipient.utf8)
        return try HMAC.sha256(key: key, data).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// What the one marker of a message says of a recipient, whoever brought it; nil where it says nothing.
    static func covering(
        _ header: [HeaderField], _ digest: [UInt8]?, _ context: SessionContext
    ) throws -> (Envelope.Recipient) -> Kind? {
        let found = header.filter { $0.isNamed(name) }
        guard let digest, let key = context.markerKey, found.count == 1,
            let marker = found.first.flatMap({ Marker(parsing: $0.rawValue) })
        else { return { _ in nil } }
        let now = context.now().seconds
        return { recipient in
            let isCovered = try? marker.covers(key: key, bodyDigest: digest, recipients: [recipient.text], now: now)
            return isCovered == true ? marker.kind : nil
        }
    }
}
