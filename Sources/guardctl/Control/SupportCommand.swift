import ArgumentParser

/// `guardctl support`.
struct SupportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "What the support desk does for users and guests.",
        discussion:
            "Speaks to the control API of the running guardd as one of its support_users; root is one by default.",
        subcommands: [DeleteUser.self, ExposeKey.self, RemovePIN.self, ResetPassword.self, UpgradeGuest.self])

    struct Target: ParsableArguments {
        @OptionGroup var control: ControlOptions
        @Argument(help: "The address of the user or guest.") var address: String

        func call(_ action: String, _ more: [(String, String)] = []) throws -> ControlClient.Answer {
            try control.client().call("/guardsupport", action, query: [("email", address)] + more)
        }
    }

    struct DeleteUser: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete all keys of a user: OpenPGP rings into a backup, S/MIME keys for good.")
        @OptionGroup var target: Target
        func run() throws { try Failure.reported { _ = try target.call("delete_user") } }
    }

    struct ExposeKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the deleted rings of a user be downloaded for a while, and write the address for that.")
        @OptionGroup var target: Target
        func run() throws { try Failure.reported { try Output.json(answer: target.call("expose_key").json) } }
    }

    struct RemovePIN: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-pin", abstract: "Take the PIN from a guest who lost it.")
        @OptionGroup var target: Target
        func run() throws { try Failure.reported { _ = try target.call("remove_pin") } }
    }

    struct ResetPassword: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Mail a user a new password for the current key.")
        @OptionGroup var target: Target
        @Option(help: "PGP or SMIME.") var type = "PGP"
        @Option(
            name: .customLong("default"),
            help: ArgumentHelp("Where to, if the user has no secondary address.", valueName: "address"))
        var fallback: String?

        func run() throws {
            try Failure.reported {
                _ = try target.call(
                    "reset_password", [("type", type)] + (fallback.map { [("default", $0)] } ?? []))
            }
        }
    }

    struct UpgradeGuest: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Move the keys of a guest to a user.")
        @OptionGroup var target: Target
        @Option(
            help: ArgumentHelp("The number of the user; default: the user of the same address.", valueName: "number"))
        var user: Int?
        @Option(help: ArgumentHelp("The number of the user's domain.", valueName: "number")) var domain: Int?

        func run() throws {
            try Failure.reported {
                _ = try target.call(
                    "upgrade_guest",
                    (user.map { [("user_id", String($0))] } ?? []) + (domain.map { [("cid", String($0))] } ?? []))
            }
        }
    }
}
