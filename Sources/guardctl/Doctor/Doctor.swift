/// Looks through a mail server's configuration for what will break with guardd in it.
enum Doctor {
    private static let checks: [@Sendable (MailSite) -> [Finding]] = [
        EntranceChecks.run, FailureChecks.run, MacroChecks.run, OrderChecks.run, LimitChecks.run, SocketChecks.run,
        RouteChecks.run, CopyChecks.run, ProxyChecks.run,
    ]

    /// What was found, the worst first.
    static func examine(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        for finding in checks.flatMap({ $0(site) }) where !findings.contains(finding) { findings.append(finding) }
        // By severity alone, in the order of the checks within it.
        return Finding.Severity.allCases.reversed().flatMap { level in findings.filter { $0.severity == level } }
    }
}
