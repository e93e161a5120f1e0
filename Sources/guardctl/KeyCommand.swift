import ArgumentParser

/// `guardctl key`.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Manage keys.",
        discussion: "A key is named by its fingerprint, its key ID (16 digits) or a mail address.",
        subcommands: [
            KeyImportCommand.self, KeyGenerateCommand.self, KeyListCommand.self, KeyShowCommand.self,
            KeyExportCommand.self, KeyTrustCommand.self, KeyDeleteCommand.self,
        ])
}
