import ArgumentParser
import Foundation
import Settings

/// `guardctl doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look through Postfix's configuration for what will break with guardd in it.",
        discussion: """
            Reads main.cf and master.cf and changes nothing. Each finding is two lines: file:line, what happens, and \
            the line to write. Exit status 1 if there are errors or warnings, 2 if a file cannot be read. JSON: a list of \
            {"severity", "code", "file", "line", "message", "remedy"}; line 0 where nothing is written yet.
            """)

    @Option(name: .long, help: ArgumentHelp("The configuration of guardd.", valueName: "file"))
    var config = StoreOptions.defaultConfiguration

    @Option(name: .long, help: ArgumentHelp("The directory of main.cf and master.cf.", valueName: "directory"))
    var postfix = "/etc/postfix"

    @Flag(name: .long, help: "Write JSON.") var json = false

    func run() throws {
        try Failure.reported {
            let findings = Doctor.examine(try site())
            if json {
                try Output.json(findings)
            } else {
                for finding in findings {
                    Output.write("\(finding.file):\(finding.line): \(finding.severity.rawValue): \(finding.message)\n")
                    Output.write("    write: \(finding.remedy)\n")
                }
                if findings.isEmpty { Output.write("nothing found that would break\n") }
            }
            if findings.contains(where: { $0.severity > .notice }) { throw ExitCode(1) }
        }
    }

    private func site() throws -> MailSite {
        let configuration = try Configuration.load(path: config)
        let (service, policy) = (configuration.service, configuration.policy)
        func read(_ name: String) throws -> (path: String, text: String) {
            let path = postfix + "/" + name
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw InputError("\(path): cannot be read; name the directory of Postfix with --postfix")
            }
            return (path, text)
        }
        let (mainFile, main) = try read("main.cf")
        let (masterFile, master) = try read("master.cf")
        var gateway = MailSite.Gateway()
        gateway.endpoint = MilterEndpoint(guardd: service.socket)
        gateway.socket = service.socket
        gateway.hostname = service.hostname
        gateway.authservID = policy.authservID
        gateway.outboundDaemons = policy.ladder.outboundDaemons
        gateway.usesLogin = policy.ladder.login
        gateway.usesCertificates = policy.ladder.clientCertificate
        gateway.messageSizeLimit = policy.messageSizeLimit
        if let split = configuration.split {
            gateway.endOfMessageBudget = split.budget
            gateway.copies = CopyHop(split.nextHop)
        }
        gateway.file = config
        gateway.mailboxRules = configuration.policy.rules.filter { $0.inbound != .verify }.map {
            ($0.name, $0.place ?? gateway.file)
        }
        gateway.proxies = configuration.proxies.map { proxy in
            MailSite.Proxy(
                name: proxy.name, role: proxy.role, listen: CopyHop(proxy.listen), nextHop: CopyHop(proxy.nextHop),
                // A network of that size is not a list of mail servers.
                isOpen: proxy.peers.contains { $0.prefixLength < ($0.address.count == 4 ? 16 : 48) })
        }
        return MailSite(
            main: PostfixParameters(parsing: main, file: mainFile), mainFile: mainFile,
            services: MasterService.parse(master, file: masterFile), masterFile: masterFile, gateway: gateway)
    }
}
