import ArgumentParser
import Foundation
import Libcrypto
import Settings

/// Where the control API listens.
struct ControlOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration of guardd (default: \(StoreOptions.defaultConfiguration)).", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The socket of the control API, instead of the configured one.", valueName: "path"))
    var socket: String?

    func client() throws -> ControlClient {
        if let socket { return ControlClient(socket: socket) }
        let path = config ?? StoreOptions.defaultConfiguration
        var settings: ControlSettings? = ControlSettings()
        if config != nil || FileManager.default.fileExists(atPath: path) {
            settings = try Configuration.load(path: path).control
        }
        guard let socket = settings?.socket else {
            throw InputError("\(path): no [control] with a socket; add it, or name one with --socket")
        }
        return ControlClient(socket: socket)
    }

    /// Runs `body` in a session of a mailbox that ends with it. The caller must be one of the trusted users.
    func inSession<R>(
        of mailbox: String, _ body: (_ client: ControlClient, _ session: [(String, String)]) throws -> R
    ) throws -> R {
        let client = try client()
        let session = try Self.open(client, mailbox, password: nil)
        defer { _ = try? client.call("/guardd/session", "close", query: [("session", session)]) }
        return try body(client, [("session", session)])
    }

    static func open(_ client: ControlClient, _ mailbox: String, password: SecretBytes?) throws -> String {
        var form: [(String, ControlClient.Field)] = [("email", .text(mailbox))]
        if let password { form.append(("password", .secret(password))) }
        let answer = try client.call("/guardd/session", "open", form: form)
        guard let session = (answer.data as? [String: Any])?["session"] as? String else {
            throw ControlFailure(description: "the control API opened no session", isRefusal: false)
        }
        return session
    }
}

extension Output {
    /// What the control API answered, as JSON.
    static func json(answer value: Any?) throws {
        guard let value, !(value is NSNull) else { return }
        let data = try JSONSerialization.data(
            withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed])
        write(String(decoding: data, as: UTF8.self) + "\n")
    }
}
