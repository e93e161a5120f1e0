import ArgumentParser
import Glibc

/// The daemon's command line.
@main struct Guardd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guardd",
        abstract: "Encrypts, signs and verifies mail on its way through Postfix.",
        discussion: """
            Signals: SIGUSR1 reloads the configuration, SIGUSR2 stops after the messages in flight (systemd's KillSignal), \
            SIGTERM stops at once; Postfix then defers what had no final answer.
            Exit status: 0 ended as asked, or the configuration is right; 64 wrong usage; 66 the configuration file cannot be \
            read; 69 the socket or the key store is not available; 77 refused to run as root; 78 the configuration is wrong.
            """)

    @Option(name: .long, help: "The configuration file.")
    var config = "/etc/guardd/guardd.toml"

    @Flag(name: .long, help: "Read the configuration, report every error, and leave.")
    var checkConfig = false

    mutating func run() throws {
        do {
            if checkConfig {
                _ = try Assembly.load(path: config)
                printLine("\(config): no errors")
            } else {
                try Daemon(configurationPath: config).run()
            }
        } catch let error as StartupError {
            for line in error.lines { printError("guardd: \(line)") }
            throw ExitCode(error.status.rawValue)
        }
    }
}

/// One line to standard output or error. (glibc's `stderr` is a global variable, which Swift 6 does not let us touch.)
func printLine(_ text: String) { writeAll(STDOUT_FILENO, text + "\n") }
func printError(_ text: String) { writeAll(STDERR_FILENO, text + "\n") }

private func writeAll(_ descriptor: Int32, _ text: String) {
    var text = text
    text.withUTF8 { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
