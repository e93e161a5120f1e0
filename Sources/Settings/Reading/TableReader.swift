/// Takes the settings out of one table, checking their types. What is left at the end is unknown.
final class TableReader {
    let path: String
    let problems: Problems
    private var values: [String: (path: String, node: Node)] = [:]
    private var known: [String] = []
    private let written: Set<String>

    /// Hyphens and underscores in the names of settings mean the same; where keys are data (`hasLiteralKeys`), each stands
    /// for itself.
    init(
        _ entries: [(key: String, value: Node)], path: String, problems: Problems, hasLiteralKeys: Bool = false
    ) {
        self.path = path
        self.problems = problems
        func name(_ key: String) -> String { hasLiteralKeys ? key : String(key.map { $0 == "-" ? "_" : $0 }) }
        written = Set(entries.map { name($0.key) })
        for (key, value) in entries {
            let full = path.isEmpty ? key : path + "." + key
            let name = name(key)
            if values[name] != nil { problems.add(full, "\(name) is set twice; write it once") }
            values[name] = (full, value)
        }
    }

    /// Where a setting stands, or would stand.
    func place(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// Whether the document has the setting, whatever its value.
    func wasWritten(_ key: String) -> Bool { written.contains(key) }

    func take(_ key: String) -> (path: String, node: Node)? {
        known.append(key)
        return values.removeValue(forKey: key)
    }

    func wrong(_ value: (path: String, node: Node), _ key: String, _ expected: String) {
        problems.add(value.path, "\(key) is \(value.node.kind); write \(expected)")
    }

    func string(_ key: String, example: String) -> (value: String, path: String)? {
        guard let value = take(key) else { return nil }
        guard case .string(let text) = value.node else {
            wrong(value, key, "a string, as \(key) = \"\(example)\"")
            return nil
        }
        return (text, value.path)
    }

    /// Permission bits, as an octal string.
    func mode(_ key: String) -> UInt32? {
        guard let mode = string(key, example: "0660") else { return nil }
        let isOctal =
            mode.value.utf8.allSatisfy { (0x30...0x37).contains($0) } && (3...4).contains(mode.value.utf8.count)
        guard isOctal, let value = UInt32(mode.value, radix: 8), value <= 0o777 else {
            problems.add(mode.path, "\(key) is no file mode; write \(key) = \"0660\"")
            return nil
        }
        return value
    }

    func boolean(_ key: String, _ target: inout Bool) {
        guard let value = take(key) else { return }
        guard case .boolean(let flag) = value.node else { return wrong(value, key, "\(key) = true or \(key) = false") }
        target = flag
    }

    func boolean(_ key: String) -> Bool? {
        guard let value = take(key) else { return nil }
        guard case .boolean(let flag) = value.node else {
            wrong(value, key, "\(key) = true or \(key) = false")
            return nil
        }
        return flag
    }

    func integer(_ key: String, in range: ClosedRange<Int>, _ target: inout Int) {
        guard let value = take(key) else { return }
        guard case .integer(let number) = value.node else { return wrong(value, key, "\(key) = \(target)") }
        guard range.contains(number) else {
            problems.add(
                value.path,
                "\(key) = \(number) is out of range; write a number from \(range.lowerBound) to \(range.upperBound)")
            return
        }
        target = number
    }

    /// A number of octets, or a string with a unit of 1024.
    func size(_ key: String, in range: ClosedRange<Int>, _ target: inout Int) {
        quantity(
            key, in: range, &target, example: "\(key) = \"64 MiB\" or a number of octets",
            units: [
                "": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mib": 1 << 20, "g": 1 << 30, "gib": 1 << 30,
            ])
    }

    /// A number of seconds, or a string with a unit.
    func seconds(_ key: String, in range: ClosedRange<Int>, _ target: inout Int) {
        quantity(
            key, in: range, &target, example: "\(key) = \"60 s\" or a number of seconds",
            units: ["": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400])
    }

    private func quantity(
        _ key: String, in range: ClosedRange<Int>, _ target: inout Int, example: String, units: [String: Int]
    ) {
        guard let value = take(key) else { return }
        let amount: Int?
        switch value.node {
        case .integer(let number): amount = number
        case .string(let text):
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            let unit = text.dropFirst(digits.count).filter { $0 != " " }.lowercased()
            amount = Int(digits).flatMap { number in
                units[unit].flatMap { factor in
                    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
                    return overflow ? nil : product
                }
            }
        default:
            return wrong(value, key, example)
        }
        guard let amount else {
            problems.add(value.path, "\(key) cannot be read as an amount; write \(example)")
            return
        }
        guard range.contains(amount) else {
            problems.add(
                value.path, "\(key) is out of range; write something from \(range.lowerBound) to \(range.upperBound)")
            return
        }
        target = amount
    }

    /// An array of strings; a single string is taken as an array of one.
    func strings(_ key: String, example: String) -> [(value: String, path: String)]? {
        guard let value = take(key) else { return nil }
        switch value.node {
        case .string(let text): return [(text, value.path)]
        case .array(let nodes):
            var result: [(String, String)] = []
            for node in nodes {
                guard case .string(let text) = node else {
                    problems.add(value.path, "\(key) holds \(node.kind); write strings, as \(key) = [\"\(example)\"]")
                    return nil
                }
                result.append((text, value.path))
            }
            return result
        default:
            wrong(value, key, "strings, as \(key) = [\"\(example)\"]")
            return nil
        }
    }

    /// Strings that each make something; what does not is reported, and the whole list left out.
    func list<T>(_ key: String, example: String, _ make: (String) throws -> T) -> [T]? {
        guard let items = strings(key, example: example) else { return nil }
        var result: [T] = []
        for item in items {
            do { result.append(try make(item.value)) } catch { problems.add(item.path, "\(key): \(error)") }
        }
        return result.count == items.count ? result : nil
    }

    func choice<T: RawRepresentable & CaseIterable>(_ key: String, _: T.Type) -> T? where T.RawValue == String {
        let all = T.allCases.map(\.rawValue)
        guard let text = string(key, example: all.first ?? "") else { return nil }
        if let value = T(rawValue: text.value) { return value }
        let hint = Spelling.nearest(to: text.value, in: all).map { "; did you mean \"\($0)\"?" } ?? ""
        problems.add(
            text.path, "\(key) = \"\(text.value)\" is none of \(all.map { "\"\($0)\"" }.joined(separator: ", "))\(hint)"
        )
        return nil
    }

    func table(_ key: String, hasLiteralKeys: Bool = false) -> TableReader? {
        guard let value = take(key) else { return nil }
        guard case .table(let entries) = value.node else {
            wrong(value, key, "a table: a line [\(key)], and the settings below it")
            return nil
        }
        return TableReader(entries, path: value.path, problems: problems, hasLiteralKeys: hasLiteralKeys)
    }

    func tables(_ key: String) -> [TableReader] {
        guard let value = take(key) else { return [] }
        guard case .array(let nodes) = value.node else {
            wrong(value, key, "an array of tables: a line [[\(key)]] before each")
            return []
        }
        return nodes.enumerated().compactMap { index, node in
            guard case .table(let entries) = node else {
                problems.add(value.path, "\(key) holds \(node.kind); write a line [[\(key)]] before each")
                return nil
            }
            return TableReader(entries, path: "\(value.path)[\(index)]", problems: problems)
        }
    }

    /// The entries that are left, for tables whose keys are data.
    func remaining() -> [String] { values.keys.sorted() }

    /// Reports what nobody asked for.
    func finish() {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            let hint =
                Spelling.nearest(to: key, in: known).map { "did you mean \($0)?" }
                ?? "the settings here are \(known.sorted().joined(separator: ", "))"
            problems.add(value.path, "unknown setting \(key); \(hint)")
        }
        values = [:]
    }
}
