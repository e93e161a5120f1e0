import CMilter
import Libcrypto
import ProtectedMail

/// Hands the result of a message to the MTA. Any failing call throws: the caller answers with a deferral, and the MTA
/// throws away what it had taken so far.
struct EditWriter {
    /// A call of libmilter, by name, that did not succeed.
    struct Failure: Error { let call: String }

    let context: OpaquePointer
    let leadingSpace: Bool

    func apply(_ edits: [HeaderEdit], body: Spool?) throws {
        for edit in edits { try apply(edit) }
        if let body { try replaceBody(with: body) }
    }

    private func apply(_ edit: HeaderEdit) throws {
        switch edit {
        case .remove(let name, let occurrence):
            var field = try cString(name)
            try check("smfi_chgheader", smfi_chgheader(context, &field, try index(occurrence), nil))
        case .replace(let name, let occurrence, let value):
            var field = try cString(name)
            var text = try self.value(value)
            try check("smfi_chgheader", smfi_chgheader(context, &field, try index(occurrence), &text))
        case .insert(let position, let name, let value):
            var field = try cString(name)
            var text = try self.value(value)
            try check("smfi_insheader", smfi_insheader(context, try index(position), &field, &text))
        case .append(let name, let value):
            var field = try cString(name)
            var text = try self.value(value)
            try check("smfi_addheader", smfi_addheader(context, &field, &text))
        }
    }

    private func replaceBody(with body: Spool) throws {
        var sent = false
        try body.forEachChunk { chunk in
            try chunk.withUnsafeBufferPointer { try replaceBody(with: $0) }
            sent = true
        }
        // An empty body still has to be said, or the old one would stay.
        if !sent { try replaceBody(with: UnsafeBufferPointer(start: nil, count: 0)) }
    }

    /// Appends to the new body. libmilter cuts what is longer than one frame of 65535 bytes.
    private func replaceBody(with bytes: UnsafeBufferPointer<UInt8>) throws {
        let start = UnsafeMutablePointer(mutating: bytes.baseAddress)  // libmilter only reads
        try check("smfi_replacebody", smfi_replacebody(context, start, Int32(truncatingIfNeeded: bytes.count)))
    }

    /// The value as the MTA wants it: with its leading blank only if that was negotiated, folded with LF alone (Postfix
    /// keeps a CR as part of the text), and never empty, which would mean removal.
    static func wireValue(_ value: [UInt8], leadingSpace: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(value.count + 1)
        for (position, byte) in value.enumerated() {
            if byte == 0x0D, position + 1 < value.count, value[position + 1] == 0x0A { continue }
            result.append(byte)
        }
        while result.last == 0x0A || result.last == 0x0D { result.removeLast() }
        if !leadingSpace, result.first == 0x20 { result.removeFirst() }
        return result.isEmpty ? [0x20] : result
    }

    private func value(_ value: String) throws -> [CChar] {
        try cString(Self.wireValue(Array(value.utf8), leadingSpace: leadingSpace))
    }

    private func cString(_ text: String) throws -> [CChar] { try cString(Array(text.utf8)) }

    private func cString(_ bytes: [UInt8]) throws -> [CChar] {
        guard !bytes.contains(0) else { throw Failure(call: "text with a zero byte") }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }

    private func index(_ value: Int) throws -> Int32 {
        guard let index = Int32(exactly: value), index >= 0 else { throw Failure(call: "header index \(value)") }
        return index
    }

    private func check(_ call: String, _ code: Int32) throws {
        guard code == MI_SUCCESS else { throw Failure(call: call) }
    }
}
