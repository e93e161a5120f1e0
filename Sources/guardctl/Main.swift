import ArgumentParser

/// The administrator's tool. It works on the same files as the daemon, which notices every change by itself.
@main
struct Guardctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guardctl",
        abstract: "Manage keys and configuration of guardd, and try mail against them.",
        discussion: """
            Exit status: 0 if all went well, 1 if something was refused or not found, 2 if input, configuration or store \
            could not be read, 64 for a wrong command line. Commands with --json write one JSON document whose fields \
            are only ever added to.
            """,
        subcommands: [
            InitCommand.self, KeyCommand.self, MasterCommand.self, StoreCommand.self, ConfigCommand.self,
            InspectCommand.self,
            ProtectCommand.self, SMIMECommand.self, AuthorityCommand.self, CertificateCommand.self,
            DoctorCommand.self, AccountCommand.self, SessionCommand.self, TokenCommand.self, SupportCommand.self,
            CredentialCommand.self, AuditCommand.self, ExplainCommand.self,
        ])
}
