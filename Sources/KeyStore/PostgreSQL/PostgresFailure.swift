/// What the server said against a statement.
struct PostgresFailure: Error {
    /// Five characters, PostgreSQL's appendix A.
    let state: String
    /// The first line only: details quote values.
    let message: String

    /// Whether the same transaction may succeed a moment later.
    var isConflict: Bool { ["40001", "40P01"].contains(state) }
    /// Whether the connection is of no use any more. A prepared statement is of none after an upgrade of the schema.
    var endsConnection: Bool { ["0A000", "26000"].contains(state) || isUnavailable }

    private var isUnavailable: Bool { state.hasPrefix("08") || state.hasPrefix("57P") || state == "25006" }

    func error(_ store: String) -> KeyStoreError {
        switch state {
        case _ where isUnavailable || state == "53300":
            KeyStoreError(.unavailable, "store \(store): \(message)")
        case "55P03", "57014", "40001", "40P01":
            KeyStoreError(.busy, "store \(store): in use by others (\(message)); try again")
        case "53100": KeyStoreError(.diskFull, "store \(store): no space left on the server")
        case "53200", "58030", "58000": KeyStoreError(.inputOutput, "store \(store): \(message)")
        case "XX001", "XX002": KeyStoreError(.corrupt, "store \(store): damaged (\(message)); restore a backup")
        case "42501":
            KeyStoreError(
                .permissions, "store \(store): \(message); the user of the URL must own the tables and their schema")
        case "3D000", "3F000": KeyStoreError(.missing, "store \(store): \(message); make it with createdb")
        case "22021": KeyStoreError(.unusableInput, "store \(store): text with an octet that PostgreSQL does not keep")
        default: KeyStoreError(.internalFailure, "store \(store): \(message) (\(state))")
        }
    }
}
