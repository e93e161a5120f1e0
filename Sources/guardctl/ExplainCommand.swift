import ArgumentParser
import Foundation
import KeyStore
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import Settings

/// `guardctl explain`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what would happen to a mail, and why; or what happened to one.",
        discussion: """
            With --from, --to and --file: plans the mail by the configuration and the keys of the store, as guardd would at \
            the end of its header, and prints for each recipient the decision, the rule with its place in the file, and \
            every key that was looked at with the reason why it was taken or not. Nothing is sent.

            With --queue-id: looks up what guardd said of that mail in its log.

            Exit status: 0 if the mail would be taken, 1 if it would be refused or the log has no such mail, 2 if \
            something cannot be read.
            """)

    @OptionGroup var store: StoreOptions

    @Option(name: .long, help: ArgumentHelp("The envelope sender; empty for a bounce.", valueName: "address"))
    var from = ""

    @Option(name: .long, parsing: .upToNextOption, help: ArgumentHelp("Envelope recipients.", valueName: "address"))
    var to: [String] = []

    @Option(name: .long, help: ArgumentHelp("The mail, or - for standard input.", valueName: "file"))
    var file: String?

    @Option(name: .long, help: ArgumentHelp("The login of the client (SASL).", valueName: "name"))
    var login: String?

    @Option(name: .long, help: ArgumentHelp("The client's IP address.", valueName: "address"))
    var client: String?

    @Option(
        name: .long, help: ArgumentHelp("The service that took the mail (milter_macro_daemon_name).", valueName: "name")
    )
    var daemon: String?

    @Flag(name: .long, help: "The mail did not come by SMTP (sendmail, cron).") var local = false

    @Option(
        name: .customLong("queue-id"), help: ArgumentHelp("What happened to the mail of that queue.", valueName: "id"))
    var queueID: String?

    @Option(name: .long, help: ArgumentHelp("The log to search for --queue-id.", valueName: "file"))
    var log = "/var/log/mail.log"

    @Flag(name: .long, help: "Write JSON.") var json = false

    func validate() throws {
        guard queueID == nil else { return }
        if to.isEmpty || file == nil { throw ValidationError("Give --to and --file, or --queue-id.") }
    }

    func run() throws {
        try Failure.reported {
            if let queueID {
                try tell(queueID)
            } else {
                try plan()
            }
        }
    }

    // MARK: - Plan

    private func plan() throws {
        let configuration = try Configuration.load(path: store.config ?? StoreOptions.defaultConfiguration)
        let (trust, _) = try configuration.smime.load()
        let policy = configuration.policy
        let keys = StoreKeys(try store.open(), policy: policy.algorithms, trust: trust)
        let header: [HeaderField]
        do {
            header = try splitMessage(try InputFile.read(file ?? "-")).header
        } catch let error as MIMEError {
            throw InputError("\(file ?? "-"): not a message that can be read: \(error)")
        }
        var circumstances = Explainer.Circumstances(
            sender: Array("<\(from)>".utf8), recipients: to.map { Array("<\($0)>".utf8) })
        circumstances.login = login
        circumstances.daemonName = daemon
        circumstances.cameBySMTP = !local
        if let client {
            guard let address = ClientAddress(client) else { throw InputError("--client \(client): no IP address") }
            circumstances.client = address
        }
        let explanation = try Explainer(policy: policy, keys: keys, now: Timestamp(Int64(Date().timeIntervalSince1970)))
            .explain(circumstances, header: header)
        let report = ExplanationReport(explanation)
        if json { try Output.json(report) } else { Output.write(report.text) }
        if explanation.refusal != nil { throw ExitCode(1) }
    }

    // MARK: - Log

    private func tell(_ id: String) throws {
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else {
            throw InputError("\(log): cannot be read; name the log of guardd with --log")
        }
        let lines = text.split(separator: "\n").filter { $0.contains("id=\(id) ") }
        for line in lines {
            guard let start = line.range(of: "id=\(id) ")?.lowerBound else { continue }
            for (name, value) in LogFields.parse(line[start...]) { Output.write("\(name): \(value)\n") }
            Output.write("\n")
        }
        if lines.isEmpty {
            Failure.say("\(log): says nothing about \(id)")
            throw ExitCode(1)
        }
    }
}
