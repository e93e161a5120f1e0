/// Collects what is wrong with one file.
final class Problems {
    private let file: String
    private let lines: LineIndex
    private var found: [ConfigurationError.Problem] = []

    init(file: String, lines: LineIndex) {
        self.file = file
        self.lines = lines
    }

    func add(_ path: String, _ message: String) {
        found.append(.init(file: file, line: lines[path], message: message))
    }

    /// Where something is written: `guardd.toml:149`.
    func place(_ path: String) -> String { "\(file):\(lines[path])" }

    func throwIfAny() throws {
        guard !found.isEmpty else { return }
        let sorted = found.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        throw ConfigurationError(code: .content, problems: sorted.map(\.element))
    }
}
