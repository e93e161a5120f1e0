import MIME
import OpenPGP
import ProtectedMail

/// A message as fields and a body, on which the edits of a `Protector` can be carried out as a mail server would.
struct MessageAssembly {
    var fields: [HeaderField]
    var body: [UInt8]

    init(_ message: [UInt8]) throws { (fields, body) = try splitMessage(message) }

    /// Protects the message, feeding the body in pieces of this size.
    mutating func protect(
        _ plan: ProtectionPlan, options: ProtectOptions = .init(), time: Timestamp, piece: Int = 1 << 16
    ) throws {
        try protect(.openpgp(plan), options: options, time: time, piece: piece)
    }

    /// The same in either protocol.
    mutating func protect(
        _ protection: Protection, options: ProtectOptions = .init(), time: Timestamp, piece: Int = 1 << 16
    ) throws {
        let protector = try Protector(header: fields, protection: protection, time: time, options: options)
        for start in stride(from: 0, to: body.count, by: piece) {
            try protector.push(body[start..<min(body.count, start + piece)].span)
        }
        let result = try protector.finish()
        for edit in result.headerEdits { try apply(edit) }
        body = try result.body.bytes()
    }

    private mutating func apply(_ edit: HeaderEdit) throws {
        switch edit {
        case .remove(let name, let occurrence): fields.remove(at: try index(name, occurrence))
        case .replace(let name, let occurrence, let value):
            fields[try index(name, occurrence)] = HeaderField(name: Array(name.utf8), value: Array(value.utf8))
        case .insert(let index, let name, let value):
            fields.insert(HeaderField(name: Array(name.utf8), value: Array(value.utf8)), at: index)
        case .append(let name, let value): fields.append(HeaderField(name: Array(name.utf8), value: Array(value.utf8)))
        }
    }

    private func index(_ name: String, _ occurrence: Int) throws -> Int {
        let found = fields.indices.filter { fields[$0].isNamed(name) }
        guard occurrence >= 1, occurrence <= found.count else {
            throw ProtectedMailError(.malformed, "no occurrence \(occurrence) of \(name)")
        }
        return found[occurrence - 1]
    }

    /// The whole message with CRLF.
    var bytes: [UInt8] {
        fields.flatMap { canonical($0.serialized(lineEnd: [10])) } + [13, 10] + body
    }

    /// What protection must preserve: the Content-* fields, a blank line, the body.
    var entity: [UInt8] {
        fields.filter { $0.name.lowercased().hasPrefix("content-") }
            .flatMap { canonical($0.serialized(lineEnd: [10])) } + [13, 10] + body
    }

    /// Every LF gets a CR, written the slow and obvious way.
    private func canonical(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            if byte == 10, result.last != 13 { result.append(13) }
            result.append(byte)
        }
        return result
    }
}
