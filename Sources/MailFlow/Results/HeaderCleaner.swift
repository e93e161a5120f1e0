import MIME
import ProtectedMail

/// Finds the fields that must not survive: results under our name, and every `Guardd-` field.
struct HeaderCleaner {
    private let authservID: AuthservID

    init(authservID: String) { self.authservID = AuthservID(authservID) }

    /// The removals, of each name the highest occurrence first.
    func removals(from header: [HeaderField]) -> [HeaderEdit] {
        HeaderCleaner.removals(from: header) { field in
            if field.isNamed(ResultField.name) { return authservID.isCarried(by: field.rawValue) }
            return HeaderCleaner.isOurs(field)
        }
    }

    /// Whether the name is one of those that only guardd writes, as a tolerant reader would see it.
    static func isOurs(_ field: HeaderField) -> Bool {
        field.nameBytes.drop { $0 <= 0x20 }.prefix(prefix.count).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
            == prefix
    }

    private static let prefix = Array("guardd-".utf8)

    /// Removes what the closure says, counting occurrences as the mail server does: by name without case, from 1.
    static func removals(from header: [HeaderField], where isWanted: (HeaderField) -> Bool) -> [HeaderEdit] {
        guard header.contains(where: isWanted) else { return [] }
        var counts: [String: Int] = [:]
        var edits: [HeaderEdit] = []
        for field in header {
            let name = field.name.lowercased()
            let occurrence = (counts[name] ?? 0) + 1
            counts[name] = occurrence
            if isWanted(field) { edits.append(.remove(name: field.name, occurrence: occurrence)) }
        }
        return edits.reversed()
    }
}
