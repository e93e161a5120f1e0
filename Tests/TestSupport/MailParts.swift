import Foundation

/// A mail split the simple way, independent of the code under test: header fields up to the first empty line, then
/// the body. Only for mail that Postfix wrote.
public struct MailParts: Sendable {
    /// Raw fields, each with its folding and its line end.
    public let fields: [[UInt8]]
    public let body: [UInt8]

    public init(_ bytes: [UInt8]) {
        var fields: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            let line = Array(bytes[position..<end])
            if line == [13, 10] || line == [10] {
                position = end
                break
            }
            if let first = line.first, first == 32 || first == 9, !fields.isEmpty {
                fields[fields.count - 1] += line
            } else {
                fields.append(line)
            }
            position = end
        }
        self.fields = fields
        body = Array(bytes[min(position, bytes.count)...])
    }

    private static func name(_ field: [UInt8]) -> String {
        String(decoding: field.prefix { $0 != 58 }, as: UTF8.self).lowercased()
    }

    /// Raw fields of that name, case-insensitive.
    public func fields(named name: String) -> [[UInt8]] { fields.filter { Self.name($0) == name.lowercased() } }

    /// Raw fields whose name starts so, case-insensitive.
    public func fields(prefixed prefix: String) -> [[UInt8]] {
        fields.filter { Self.name($0).hasPrefix(prefix.lowercased()) }
    }

    /// Unfolded text of the first field of that name.
    public func value(_ name: String) -> String? {
        fields(named: name).first.map { field in
            let text = String(
                decoding: field.drop { $0 != 58 }.dropFirst().filter { $0 != 13 && $0 != 10 }, as: UTF8.self)
            return text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
    }

    /// Unfolded text of all fields of that name, in order.
    public func values(_ name: String) -> [String] {
        fields(named: name).compactMap { MailParts($0 + [13, 10]).value(name) }
    }

    /// The OpenPGP armor in the body of a PGP/MIME message.
    public var armor: [UInt8]? {
        let data = Data(body)
        guard let first = data.range(of: Data("-----BEGIN PGP MESSAGE-----".utf8)),
            let last = data.range(of: Data("-----END PGP MESSAGE-----".utf8), in: first.upperBound..<data.endIndex)
        else { return nil }
        return Array(body[first.lowerBound..<last.upperBound]) + [13, 10]
    }
}
