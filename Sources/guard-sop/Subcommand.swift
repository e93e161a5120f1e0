/// One subcommand: how it is called and what it does.
struct Subcommand: Sendable {
    let name: String
    /// One line of syntax for people.
    let usage: String
    /// Options without a value.
    let flags: Set<String>
    /// Options with a value.
    let options: Set<String>
    /// Older spellings.
    let aliases: [String: String]
    let run: @Sendable (Arguments) throws -> Void

    init(
        _ name: String, usage: String, flags: Set<String> = [], options: Set<String> = [],
        aliases: [String: String] = [:], run: @escaping @Sendable (Arguments) throws -> Void
    ) {
        self.name = name
        self.usage = usage
        self.flags = flags
        self.options = options
        self.aliases = aliases
        self.run = run
    }

    static let names = [
        "version", "list-profiles", "generate-key", "change-key-password", "revoke-key", "extract-cert", "update-key",
        "merge-certs", "certify-userid", "validate-userid", "sign", "verify", "encrypt", "decrypt", "inline-detach",
        "inline-verify", "inline-sign", "armor", "dearmor",
    ]

    /// Only the one that is asked for is ever made.
    static func named(_ name: String) -> Subcommand? {
        switch name {
        case "version": version
        case "list-profiles": listProfiles
        case "generate-key": generateKey
        case "change-key-password": changeKeyPassword
        case "revoke-key": revokeKey
        case "extract-cert": extractCertificate
        case "update-key": updateKey
        case "merge-certs": mergeCertificates
        case "certify-userid": certifyUserID
        case "validate-userid": validateUserID
        case "sign": sign
        case "verify": verify
        case "encrypt": encrypt
        case "decrypt": decrypt
        case "inline-detach": inlineDetach
        case "inline-verify": inlineVerify
        case "inline-sign": inlineSign
        case "armor": armor
        case "dearmor": dearmor
        default: nil
        }
    }
}

/// Syntax for people.
enum Help {
    static func show(_ name: String?) throws {
        let output = StandardOutput()
        if let name {
            guard let subcommand = Subcommand.named(name) else {
                throw Failure(.unsupportedSubcommand, "there is no subcommand \(name)")
            }
            output.write("guard-sop \(name) \(subcommand.usage)\n")
        } else {
            output.write("guard-sop SUBCOMMAND [OPTIONS] [ARGUMENTS]\n\nSubcommands:\n")
            for name in Subcommand.names { output.write("  \(name) \(Subcommand.named(name)?.usage ?? "")\n") }
        }
        try output.finish()
    }
}
