import MIME

/// The split of a header for protection: what describes the content moves inside, the rest stays outside.
struct ContentFields {
    /// The Content-* fields exactly as received, each with CRLF at the end; without the blank line.
    let inner: [UInt8]
    /// The Content-* fields.
    let fields: [HeaderField]
    /// Takes all Content-* fields out of the header, every name from its highest occurrence down.
    let removals: [HeaderEdit]
    /// Sees to exactly what RFC 2045, section 4, wants: MIME-Version with the value 1.0.
    let version: [HeaderEdit]

    init(_ header: [HeaderField]) {
        var inner: [UInt8] = []
        var fields: [HeaderField] = []
        var removals: [HeaderEdit] = []
        var seen: [String: Int] = [:]
        var versions: [HeaderField] = []
        for field in header {
            if field.isNamed("MIME-Version") { versions.append(field) }
            guard field.nameBytes.hasPrefix(ignoringCase: "content-") else { continue }
            let occurrence = (seen[field.name.lowercased()] ?? 0) + 1
            seen[field.name.lowercased()] = occurrence
            removals.append(.remove(name: field.name, occurrence: occurrence))
            fields.append(field)
            inner += field.nameBytes + [UInt8(ascii: ":")] + LineEnds.canonical(field.rawValue) + Octet.crlf
        }
        self.inner = inner
        self.fields = fields
        self.removals = removals.reversed()
        version = Self.versionEdits(versions)
    }

    /// A missing field is added, a strange one replaced, a second one removed.
    private static func versionEdits(_ versions: [HeaderField]) -> [HeaderEdit] {
        guard let first = versions.first else { return [.append(name: "MIME-Version", value: " 1.0")] }
        var edits: [HeaderEdit] = []
        for occurrence in stride(from: versions.count, to: 1, by: -1) {
            edits.append(.remove(name: first.name, occurrence: occurrence))
        }
        if first.value != "1.0" { edits.append(.replace(name: first.name, occurrence: 1, value: " 1.0")) }
        return edits
    }
}
