import ArgumentParser
import ControlAPI
import Foundation
import Glibc

/// `guardctl credential`.
struct CredentialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Make Basic credentials for the control API.",
        subcommands: [Create.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a secret of 256 bits and write it, once; its digest goes into a file.",
            discussion: """
                Name the file in support_credentials or mail_credentials and reload guardd. To change a secret, make a second \
                one of the same name, and delete the older line when nobody uses it any more.
                """)
        @Argument(help: "The name of the client, as desk or filter.") var name: String
        @Option(help: ArgumentHelp("The file that gets the line; default: standard output.", valueName: "file"))
        var file: String?

        func run() throws {
            try Failure.reported {
                let isPlain =
                    !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A && $0 != 0x23 }
                guard isPlain else { throw InputError("\(name): a name has letters, digits and signs but : and #") }
                let (secret, line) = try BasicCredentials.generate(name: name)
                if let file {
                    try append(line + "\n", to: file)
                    Output.write("\(secret)\n")
                } else {
                    Output.write("secret  \(secret)\nline    \(line)\n")
                }
            }
        }

        private func append(_ line: String, to file: String) throws {
            let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { throw InputError("\(file): \(String(cString: strerror(errno)))") }
            defer { close(descriptor) }
            guard write(descriptor, line, line.utf8.count) == line.utf8.count else {
                throw InputError("\(file): \(String(cString: strerror(errno)))")
            }
        }
    }
}
