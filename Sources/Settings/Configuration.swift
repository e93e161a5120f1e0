import Foundation
public import MailFlow
import TOMLKit

/// The configuration file: settings of the process and the policy for messages.
public struct Configuration: Sendable, Equatable {
    public var service: ServiceSettings
    public var policy: Policy
    public var smime = SMIMESettings()
    /// nil where every message stays one.
    public var split: SplitSettings?
    /// The listeners of the proxy.
    public var proxies: [ProxySettings] = []
    /// nil serves no control API.
    public var control: ControlSettings?
    public var `guard` = GuardConfiguration()

    /// Reads a file. Throws `ConfigurationError` with every mistake in it.
    public static func load(path: String, hostname: String? = nil) throws -> Configuration {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                code: .unreadable,
                problems: [.init(file: path, line: 0, message: "cannot be read; name a readable file with --config")])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(
                code: .syntax, problems: [.init(file: path, line: 0, message: "is not UTF-8; save it as UTF-8")])
        }
        return try Configuration(parsing: text, file: path, hostname: hostname ?? HostName.current)
    }

    /// Reads a document. `hostname` counts where the document names none.
    public init(parsing text: String, file: String, hostname: String) throws {
        let root: TOMLTable
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                code: .syntax,
                problems: [
                    .init(file: file, line: error.source.begin.line, message: "no valid TOML: \(error.description)")
                ])
        }
        guard case .table(let entries) = Node(root) else {
            throw ConfigurationError(code: .syntax, problems: [.init(file: file, line: 0, message: "no valid TOML")])
        }
        let problems = Problems(file: file, lines: LineIndex(text))
        let reader = TableReader(entries, path: "", problems: problems)
        service = ServiceReader(reader).read(hostname: hostname)
        policy = PolicyReader(reader).read(hostname: service.hostname)
        if let table = reader.table("smime") { smime = SMIMEReader(table).read() }
        policy.opensUnauthenticated = smime.opensUnauthenticated
        if let table = reader.table("split"), let settings = SplitReader(table).read() {
            split = settings
            policy.splitting = Splitting()
            policy.splitting?.maxCopies = settings.maxCopies
        }
        proxies = reader.tables("proxy").enumerated().compactMap { ProxyReader($1, number: $0 + 1).read() }
        checkProxies(problems)
        policy.isAsserted = proxies.contains { $0.role == .assert }
        if let table = reader.table("control") { control = ControlReader(table).read() }
        if let table = reader.table("guard") { self.guard = GuardReader(table).read() }
        reader.finish()
        try problems.throwIfAny()
    }

    private func checkProxies(_ problems: Problems) {
        for (index, proxy) in proxies.enumerated() {
            let earlier = proxies[..<index]
            if earlier.contains(where: { $0.name == proxy.name }) {
                problems.add("proxy[\(index)].name", "two proxies are called \"\(proxy.name)\"; name each differently")
            }
            if earlier.contains(where: { $0.listen == proxy.listen }) {
                problems.add("proxy[\(index)].listen", "two proxies listen on \(proxy.listen); give each its own")
            }
        }
    }
}
