import Glibc
import Libcrypto

/// The Stateless OpenPGP command line interface (draft-dkg-openpgp-stateless-cli).
@main
enum GuardSOP {
    static func main() {
        LibraryContext.isShortLived = true
        // Everything is written by now; to take libcrypto down in order would only take time.
        do {
            try run(try words())
            _exit(0)
        } catch {
            let failure = Failure(error)
            StandardError.say(failure.message)
            _exit(failure.code.rawValue)
        }
    }

    private static func run(_ words: [String]) throws {
        // The draft lets callers ask for more talk; there is nothing more to say.
        var words = words[...]
        while words.first == "--debug" { words.removeFirst() }
        guard let name = words.popFirst() else {
            throw Failure(.missingArgument, "no subcommand; try: guard-sop help")
        }
        switch name {
        case "help", "--help", "-h": return try Help.show(words.first)
        case "--version": return try Subcommand.version.run(Arguments([], of: .version))
        default: break
        }
        guard let subcommand = Subcommand.named(name) else {
            throw Failure(.unsupportedSubcommand, "there is no subcommand \(name)")
        }
        let rest = Array(words)
        if rest.prefix(while: { $0 != "--" }).contains("--help") { return try Help.show(name) }
        try subcommand.run(try Arguments(rest, of: subcommand))
    }

    /// The arguments, which must be UTF-8: user IDs are, and file names are by now.
    private static func words() throws -> [String] {
        try (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let word = CommandLine.unsafeArgv[index] else { return nil }
            guard let text = String(validatingCString: word) else {
                throw Failure(.expectedText, "argument \(index) is not UTF-8")
            }
            return text
        }
    }
}
