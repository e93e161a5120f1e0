import ArgumentParser
import Libcrypto

/// `guardctl session`.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Open and close sessions of the control API.",
        subcommands: [Open.self, Close.self])

    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a session for a mailbox and write its identifier.",
            discussion: "The identifier is as good as the mailbox: keep it in a file that only you can read.")
        @OptionGroup var control: ControlOptions
        @OptionGroup var password: PasswordOptions
        @Argument(help: "The address of the mailbox.") var address: String

        func run() throws {
            try Failure.reported {
                // Trusted users need none, and nobody is asked.
                let secret = try password.passwordFile.map {
                    try PasswordOptions.read(from: $0, prompt: "Password", confirmed: false)
                }
                Output.write("\(try ControlOptions.open(try control.client(), address, password: secret))\n")
            }
        }
    }

    struct Close: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Close a session; its tokens go with it.")
        @OptionGroup var control: ControlOptions
        @OptionGroup var session: SessionFile

        func run() throws {
            try Failure.reported {
                _ = try control.client().call("/guardd/session", "close", query: [("session", try session.read())])
            }
        }
    }
}

/// Where the identifier of a session comes from: never the command line, which every user of the machine can read.
struct SessionFile: ParsableArguments {
    @Option(
        name: .customLong("session-file"),
        help: ArgumentHelp(
            "A file with the identifier that session open wrote; @3 reads file descriptor 3.", valueName: "file|@fd"))
    var file: String

    func read() throws -> String {
        let secret = try PasswordOptions.read(
            from: file, option: "--session-file", prompt: "Session", confirmed: false)
        return secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }
}

/// `guardctl token`.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Let guardd use a user's keys for a while, by a token attached to a session.",
        subcommands: [Attach.self, Check.self])

    struct Attach: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Attach a token, made with the password of the key.")
        @OptionGroup var control: ControlOptions
        @OptionGroup var session: SessionFile
        @OptionGroup var password: PasswordOptions
        @Option(help: "-1 for one use, 0 until the session ends, or minutes.") var minutes = 0
        @Option(help: "PGP or SMIME.") var type = "PGP"

        func run() throws {
            try Failure.reported {
                let session = try session.read()
                let secret = try password.read(prompt: "Password")
                let answer = try control.client().call(
                    "/oxguard/auth", "login", query: [("session", session), ("type", type)],
                    form: [("password", .secret(secret)), ("minutesValid", .text(String(minutes)))])
                try TokenCommand.report(answer)
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whether a token is attached, and for how long.")
        @OptionGroup var control: ControlOptions
        @OptionGroup var session: SessionFile
        @Option(help: "PGP or SMIME.") var type = "PGP"

        func run() throws {
            try Failure.reported {
                let answer = try control.client().call(
                    "/oxguard/auth", "check", query: [("session", try session.read()), ("type", type)], method: "GET")
                try TokenCommand.report(answer)
            }
        }
    }

    /// Everything but the token itself.
    private static func report(_ answer: ControlClient.Answer) throws {
        guard let data = answer.data as? [String: Any], !data.isEmpty else {
            Output.write("no token\n")
            return
        }
        try Output.json(answer: data.filter { $0.key != "auth" })
    }
}
