import OpenPGP

/// What `--profile` chooses among. At most four are listed, as the draft asks; more are understood.
enum Profiles {
    static func key(_ name: String?) throws -> KeyProfile {
        switch name {
        case nil, "default", "compatibility", "rfc4880": return .compatible
        case "performance": return .rfc9580
        case "security": return .ed448
        case let name?:
            guard let profile = KeyProfile(rawValue: name) else {
                throw Failure(.unsupportedProfile, "generate-key has no profile \(name)")
            }
            return profile
        }
    }

    /// The container for a message.
    static func container(
        _ name: String?, hasCertificates: Bool
    ) throws -> EncryptionOptions.Container {
        switch name {
        case nil, "default", "automatic", "performance": return .automatic
        // Readers of certificates that do not announce AEAD could not decrypt it.
        case "rfc9580", "security": return hasCertificates ? .automatic : .seipdV2
        case "rfc4880", "compatibility": return .seipdV1
        case let name?: throw Failure(.unsupportedProfile, "encrypt has no profile \(name)")
        }
    }

    static func list(_ subcommand: String) throws -> [String] {
        switch subcommand {
        case "generate-key":
            return [
                (KeyProfile.compatible, " (aliases: default, compatibility, rfc4880)"),
                (.rfc9580, " (aliases: performance)"), (.rsa4096, ""), (.nistP256, ""),
            ].map { "\($0.rawValue): \($0.summary)\($1)" }
        case "encrypt":
            return [
                "automatic: AEAD exactly where every certificate announces it (aliases: default, performance)",
                "rfc9580: the same, and AEAD and Argon2 for passwords alone (aliases: security)",
                "rfc4880: never AEAD (aliases: compatibility)",
            ]
        default: throw Failure(.unsupportedProfile, "\(subcommand) has no profiles")
        }
    }
}

extension Subcommand {
    static let listProfiles = Subcommand("list-profiles", usage: "SUBCOMMAND") { arguments in
        guard let name = arguments.positional.first else {
            throw Failure(.missingArgument, "the profiles of which subcommand?")
        }
        guard arguments.positional.count == 1 else {
            throw Failure(.unsupportedOption, "profiles are listed of one subcommand at a time")
        }
        let output = StandardOutput()
        for line in try Profiles.list(name) { output.write("\(line)\n") }
        try output.finish()
    }
}
