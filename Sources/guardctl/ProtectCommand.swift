import ArgumentParser
import Foundation
import MIME
import OpenPGP
import ProtectedMail

/// `guardctl protect`: what guardd would send for a mail, without a store and without a daemon.
struct ProtectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protect",
        abstract: "Write the mail that guardd would send.",
        discussion: """
            Reads one message, encrypts it to all addresses of --to with the keys of the --key files, signs it with \
            --sign-key if one is given, and writes the result to standard output with CRLF line ends. Without --to the \
            message is only signed.

            Exit status: 0 if the message was written, 1 if it cannot be protected as asked, 2 if an input cannot be read.
            """)

    @Argument(help: ArgumentHelp("The message, or - for standard input.", valueName: "file"))
    var file: String

    @Option(name: .long, parsing: .upToNextOption, help: ArgumentHelp("Recipients.", valueName: "address"))
    var to: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption, help: ArgumentHelp("Files with the recipients' keys.", valueName: "file")
    )
    var key: [String] = []

    @Option(
        name: .customLong("sign-key"),
        help: ArgumentHelp("A file with the secret key that signs, not locked.", valueName: "file"))
    var signKey: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The time of the signature: ISO 8601 or Unix seconds. Default: now.", valueName: "time"))
    var at: String?

    func validate() throws {
        if to.isEmpty, signKey == nil { throw ValidationError("Give --to, --sign-key, or both.") }
    }

    func run() throws {
        do {
            try protect()
        } catch let error as InputError {
            try fail(error.description, 2)
        } catch let error as ProtectedMailError {
            try fail(error.message, 1)
        } catch let error as OpenPGPError {
            try fail(error.message, 1)
        }
    }

    private func fail(_ text: String, _ code: Int32) throws {
        FileHandle.standardError.write(Data("guardctl: \(text)\n".utf8))
        throw ExitCode(code)
    }

    private func protect() throws {
        let time = try CommandTime.parse(at)
        let keys = try KeyFiles(key)
        let message = try InputFile.read(file)
        let recipients = try to.map { text in
            guard let address = EmailAddress(text) else { throw InputError("--to \(text): not an address") }
            guard let recipient = keys.recipient(for: address, at: time) else {
                throw ProtectedMailError(
                    .noRecipients, "no usable encryption key for \(address.canonical) in the --key files")
            }
            return recipient
        }
        let plan = ProtectionPlan(
            recipients: recipients, signer: try signer(at: time), encrypt: !recipients.isEmpty, sign: signKey != nil)
        let (header, body) = try split(message)
        let protector = try Protector(header: header, plan: plan, time: time)
        try protector.push(body.span)
        let result = try protector.finish()
        var output = EditedHeader(header)
        for edit in result.headerEdits { output.apply(edit) }
        FileHandle.standardOutput.write(Data(output.serialized + [13, 10]))
        try result.body.forEachChunk { chunk in
            FileHandle.standardOutput.write(chunk.withUnsafeBytes { Data($0) })
        }
    }

    private func split(_ message: [UInt8]) throws -> (header: [HeaderField], body: [UInt8]) {
        do { return try splitMessage(message) } catch { throw InputError("\(file): not a message that can be read") }
    }

    private func signer(at time: Timestamp) throws -> SigningKey? {
        guard let signKey else { return nil }
        guard let secret = try? SecretCertificate(parsing: InputFile.read(signKey)) else {
            throw InputError("\(signKey): holds no secret OpenPGP key")
        }
        return try secret.signingKey(at: time)
    }
}
