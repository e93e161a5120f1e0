import ArgumentParser
import CMS
import Foundation
import KeyStore
import OpenPGP
import ProtectedMail

/// `guardctl inspect`: what guardd would say of a mail, without a store and without a daemon.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what guardd would say of a mail, or what is in a file of certificates.",
        discussion: """
            Reads one message (RFC 5322, with CRLF or LF, or one message of an mbox) and judges its protection by OpenPGP \
            or S/MIME. Keys given with --key count as trusted, as if the administrator had imported them; secret keys \
            among them open encrypted mail. S/MIME signers are trusted by a chain to a certificate given with --ca.

            Of a file of certificates (PKCS#12, PKCS#7, PEM, DER) it prints what is in it, private keys too, and judges \
            nothing.

            Exit status: 0 for pass and for files of certificates, 1 for any other verdict, 2 if the message, the file or a \
            key cannot be read.
            """)

    @Argument(help: ArgumentHelp("The message, or - for standard input.", valueName: "file"))
    var file: String

    @Option(
        name: .long,
        help: ArgumentHelp("A file of keys, armored or binary; may be given several times.", valueName: "file"))
    var key: [String] = []

    @OptionGroup var trust: TrustOptions
    @OptionGroup var password: PasswordOptions

    @Option(
        name: .long,
        help: ArgumentHelp("The time of the inspection: ISO 8601 or Unix seconds. Default: now.", valueName: "time"))
    var at: String?

    @Option(
        name: .customLong("authserv-id"), help: ArgumentHelp("The authserv-id of the header fields.", valueName: "id"))
    var authservID = "guardd.\(ProcessInfo.processInfo.hostName)"

    @Flag(name: .long, help: "Write JSON.")
    var json = false

    func run() throws {
        let verdict: Verdict
        do {
            let time = try CommandTime.parse(at)
            var bytes = try InputFile.read(file)
            defer { for index in bytes.indices { bytes[index] = 0 } }
            if CertificateFile.isLikely(bytes) { return try report(certificates: bytes) }
            verdict = inspect(message: bytes, source: try KeyFiles(key, smime: trust.read()), time: time)
        } catch let error as InputError {
            Failure.say(error.description)
            throw ExitCode(2)
        } catch let error as CMSError {
            Failure.say("\(file): \(error.message)")
            throw ExitCode(2)
        } catch let error as KeyStoreError {
            Failure.say(error.message)
            throw ExitCode(2)
        }
        let report = InspectReport(verdict, authservID: authservID)
        FileHandle.standardOutput.write(Data((json ? try report.json() : report.text).utf8))
        if verdict.status != .pass { throw ExitCode(1) }
    }

    private func report(certificates bytes: [UInt8]) throws {
        let report = try CertificateFileReport(CertificateFile(bytes, name: file, password: password))
        if json { try Output.json(report) } else { Output.write(report.text) }
    }
}
