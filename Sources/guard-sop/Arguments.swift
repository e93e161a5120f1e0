/// What follows the name of a subcommand: options with their value behind `=` or as the next word, and the rest.
struct Arguments {
    private var flags: Set<String> = []
    private var values: [String: [String]] = [:]
    /// Everything that is no option, in its order.
    private(set) var positional: [String] = []

    init(_ words: [String], of subcommand: Subcommand) throws {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                positional += rest
                return
            }
            guard word.hasPrefix("-"), word != "-" else {
                positional.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let spelled = String(parts.first ?? "")
            let name = subcommand.aliases[spelled] ?? spelled
            let attached = parts.count > 1 ? String(parts[1]) : nil
            if subcommand.options.contains(name) {
                guard let value = attached ?? rest.popFirst() else {
                    throw Failure(.missingArgument, "\(spelled) needs a value")
                }
                values[name, default: []].append(value)
            } else if subcommand.flags.contains(name) || name == "--debug", attached == nil {
                flags.insert(name)
            } else {
                throw Failure(.unsupportedOption, "\(subcommand.name) has no option \(word)")
            }
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// All values of an option that may stand several times.
    func all(_ option: String) -> [String] { values[option] ?? [] }

    /// The value of an option that may stand once.
    func one(_ option: String) throws -> String? {
        let found = all(option)
        guard found.count < 2 else { throw Failure(.incompatibleOptions, "\(option) is given \(found.count) times") }
        return found.first
    }

    /// Whether output is armored.
    var armor: Bool { !has("--no-armor") }

    /// The choice behind `--as`.
    func form(among choices: [DataForm]) throws -> DataForm {
        guard let word = try one("--as") else { return .binary }
        guard let form = DataForm(rawValue: word), choices.contains(form) else {
            throw Failure(.unsupportedOption, "--as=\(word) is not one of \(choices.map(\.rawValue))")
        }
        return form
    }

    /// Refuses what nobody asked for.
    func expectNoPositional() throws {
        if let first = positional.first { throw Failure(.unsupportedOption, "there is no place for \(first)") }
    }
}

/// What data is taken for.
enum DataForm: String {
    case binary, text, clearsigned
}
