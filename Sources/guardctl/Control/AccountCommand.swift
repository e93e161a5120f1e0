import ArgumentParser
import Foundation
import Libcrypto

/// `guardctl account`.
struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Look after the keys of one of our users.",
        discussion:
            "Speaks to the control API of the running guardd as one of its trusted_users; root is one by default.",
        subcommands: [
            Show.self, CreateKey.self, UploadKey.self, DownloadKey.self, UseKey.self, RevokeKey.self, DeleteKey.self,
            ChangePassword.self, ResetPassword.self, Secondary.self,
        ])

    /// What every command here takes.
    struct Target: ParsableArguments {
        @OptionGroup var control: ControlOptions
        @Argument(help: "The address of the user.") var address: String
    }

    /// A key of the user.
    struct KeyTarget: ParsableArguments {
        @OptionGroup var target: Target
        @Argument(
            help: ArgumentHelp("The key ID, as account show writes it or in hexadecimal digits.", valueName: "key"))
        var key: String
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write settings, key rings and certificates as JSON.")
        @OptionGroup var target: Target

        func run() throws {
            try Failure.reported {
                try target.control.inSession(of: target.address) { client, session in
                    var report: [String: Any] = [:]
                    report["account"] = try client.call("/oxguard/login", "login", query: session).json
                    report["keys"] = try client.call("/oxguard/keys", "getKeys", query: session, method: "GET").data
                    report["certificates"] = try client.call(
                        "/oxguard/certificates", "getCertificates", query: session, method: "GET"
                    ).data
                    report["secondary"] = try client.call("/oxguard/login", "secondary", query: session, method: "GET")
                        .json
                    try Output.json(answer: report)
                }
            }
        }
    }

    struct CreateKey: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key ring, which becomes the current one.")
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordOptions
        @Option(help: "The name in the user ID.") var name = ""
        @Option(help: ArgumentHelp("Where a new password goes when this one is lost.", valueName: "address"))
        var secondary: String?

        func run() throws {
            try Failure.reported {
                let secret = try password.read(prompt: "New password", confirmed: true)
                try target.control.inSession(of: target.address) { client, session in
                    var form: [(String, ControlClient.Field)] = [("name", .text(name)), ("password", .secret(secret))]
                    if let secondary { form.append(("email", .text(secondary))) }
                    let answer = try client.call("/oxguard/keys", "create", query: session, form: form)
                    try Output.json(answer: answer.data)
                }
            }
        }
    }

    struct UploadKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in a key ring that the user has; it becomes the current one.")
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordOptions
        @Argument(help: ArgumentHelp("The armored key; - reads standard input.", valueName: "file")) var file: String
        @Option(
            name: .customLong("key-password-file"),
            help: ArgumentHelp("The password that opens it, where it is another one.", valueName: "file|@fd"))
        var keyPasswordFile: String?

        func run() throws {
            try Failure.reported {
                let octets = try InputFile.read(file)
                let secret = try password.read(prompt: "Password", confirmed: keyPasswordFile != nil)
                let old = try keyPasswordFile.map {
                    try PasswordOptions.read(from: $0, prompt: "Password of the key", confirmed: false)
                }
                try target.control.inSession(of: target.address) { client, session in
                    let answer = try client.call(
                        "/oxguard/keys", "upload", query: session,
                        form: [
                            ("key", .octets(octets)), ("keyPassword", .secret(old ?? secret)),
                            ("newPassword", .secret(secret)),
                        ])
                    try Output.json(answer: answer.data)
                }
            }
        }
    }

    struct DownloadKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a key ring in armor; the private part stays locked under its password.")
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordOptions
        @Option(help: "The key ID; default: the current ring.") var key: String?
        @Option(help: "public, private or public_private.") var type = "public"

        func run() throws {
            try Failure.reported {
                let secret = type == "public" ? nil : try password.read(prompt: "Password")
                try target.control.inSession(of: target.address) { client, session in
                    var form: [(String, ControlClient.Field)] = [("keyType", .text(type))]
                    if let key { form.append(("keyid", .text(key))) }
                    if let secret { form.append(("password", .secret(secret))) }
                    let answer = try client.call("/oxguard/keys", "downloadKey", query: session, form: form)
                    FileHandle.standardOutput.write(Data(answer.body))
                }
            }
        }
    }

    struct UseKey: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key ring the current one.")
        @OptionGroup var key: KeyTarget

        func run() throws {
            try Failure.reported {
                try key.target.control.inSession(of: key.target.address) { client, session in
                    _ = try client.call(
                        "/oxguard/keys", "setCurrentKey", query: session, form: [("keyid", .text(key.key))])
                }
            }
        }
    }

    struct RevokeKey: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key ring or a subkey, for good.")
        @OptionGroup var key: KeyTarget
        @OptionGroup var password: PasswordOptions
        @Option(help: "no_reason, key_superseded, key_compromised, key_retired or user_no_longer_valid.")
        var reason = "no_reason"

        func run() throws {
            try Failure.reported {
                let secret = try password.read(prompt: "Password")
                try key.target.control.inSession(of: key.target.address) { client, session in
                    _ = try client.call(
                        "/oxguard/keys", "revoke", query: session,
                        form: [("keyid", .text(key.key)), ("reason", .text(reason)), ("password", .secret(secret))])
                }
            }
        }
    }

    struct DeleteKey: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a key ring.")
        @OptionGroup var key: KeyTarget
        @OptionGroup var password: PasswordOptions
        @Flag(help: "The ring has no private part, so that there is no password.") var publicOnly = false

        func run() throws {
            try Failure.reported {
                let secret = publicOnly ? nil : try password.read(prompt: "Password")
                try key.target.control.inSession(of: key.target.address) { client, session in
                    _ = try client.call(
                        "/oxguard/keys", "delete", query: session,
                        form: [("keyid", .text(key.key))] + (secret.map { [("password", .secret($0))] } ?? []))
                }
            }
        }
    }

    struct ChangePassword: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change the password of the current key.")
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordOptions
        @Option(
            name: .customLong("old-password-file"), help: ArgumentHelp("The password until now.", valueName: "file|@fd")
        )
        var oldPasswordFile: String?
        @Option(help: "PGP or SMIME.") var type = "PGP"

        func run() throws {
            try Failure.reported {
                let old = try PasswordOptions.read(
                    from: oldPasswordFile, option: "--old-password-file", prompt: "Old password", confirmed: false)
                let new = try password.read(prompt: "New password", confirmed: true)
                try target.control.inSession(of: target.address) { client, session in
                    _ = try client.call(
                        "/oxguard/login", "changepass", query: session + [("type", type)],
                        form: [("oldpass", .secret(old)), ("newpass", .secret(new))])
                }
            }
        }
    }

    struct ResetPassword: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mail the user a new password, where the old one can be recovered.")
        @OptionGroup var target: Target
        @Option(help: "PGP or SMIME.") var type = "PGP"

        func run() throws {
            try Failure.reported {
                try target.control.inSession(of: target.address) { client, session in
                    _ = try client.call("/oxguard/login", "reset", query: session + [("type", type)])
                }
            }
        }
    }

    struct Secondary: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set where a new password goes when the old one is lost.")
        @OptionGroup var target: Target
        @OptionGroup var password: PasswordOptions
        @Option(name: .customLong("set"), help: ArgumentHelp("The new address.", valueName: "address"))
        var new: String?

        func run() throws {
            try Failure.reported {
                let secret = try new.map { _ in try password.read(prompt: "Password") }
                try target.control.inSession(of: target.address) { client, session in
                    if let new, let secret {
                        _ = try client.call(
                            "/oxguard/login", "changesecondary", query: session,
                            form: [("email", .text(new)), ("password", .secret(secret))])
                    } else {
                        let answer = try client.call("/oxguard/login", "secondary", query: session, method: "GET")
                        Output.write("\(answer.json as? String ?? "")\n")
                    }
                }
            }
        }
    }
}
