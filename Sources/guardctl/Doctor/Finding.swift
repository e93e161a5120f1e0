/// Something about the mail server's configuration that will break, and what to write instead.
struct Finding: Equatable, Encodable {
    enum Severity: String, Encodable, Comparable, CaseIterable {
        /// Worth a look.
        case notice
        /// Mail will be refused, delayed or judged wrongly.
        case warning
        /// Mail can leave in clear, be lost, or go round.
        case error

        static func < (a: Severity, b: Severity) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    let severity: Severity
    /// A stable name, for scripts.
    let code: String
    let file: String
    /// 0 where nothing is written yet.
    let line: Int
    let message: String
    /// The line to write.
    let remedy: String

    init(
        _ severity: Severity, _ code: String, at place: PostfixParameters.Place?, in file: String, _ message: String,
        remedy: String
    ) {
        self.severity = severity
        self.code = code
        self.file = place?.file ?? file
        line = place?.line ?? 0
        self.message = message
        self.remedy = remedy
    }
}
