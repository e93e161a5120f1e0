import CPQ

/// A URL of a PostgreSQL server, with what messages may say of it.
struct PostgresAddress: Sendable {
    let url: String
    let name: String

    /// - Throws: `unusableInput`, without a word of the URL: it may hold a password.
    init(_ url: String) throws {
        guard let options = Self.options(of: url) else {
            throw KeyStoreError(
                .unusableInput,
                "store: not a URL of PostgreSQL; write postgresql://user@host:port/database, "
                    + "special characters in it as %XX")
        }
        self.url = url
        name = Self.name(options)
    }

    static func name(of url: String) -> String { options(of: url).map { name($0) } ?? "postgresql://" }

    private static func name(_ options: [String: String]) -> String {
        var name = "postgresql://"
        if let user = options["user"] { name += user + "@" }
        name += options["host"] ?? options["hostaddr"] ?? ""
        if let port = options["port"] { name += ":" + port }
        return name + "/" + (options["dbname"] ?? "")
    }

    private static func options(of url: String) -> [String: String]? {
        var problem: UnsafeMutablePointer<CChar>?
        let list = unsafe PQconninfoParse(url, &problem)
        defer {
            unsafe PQfreemem(problem)
            unsafe PQconninfoFree(list)
        }
        guard let list = unsafe list else { return nil }
        var options: [String: String] = [:]
        var next = unsafe list
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                unsafe options[String(cString: keyword)] = String(cString: value)
            }
            unsafe next += 1
        }
        return options
    }
}
