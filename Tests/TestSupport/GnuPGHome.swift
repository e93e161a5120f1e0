import Foundation

/// A private GnuPG home with its own agent, which is stopped at the end.
public final class GnuPGHome: @unchecked Sendable {
    public let directory: TemporaryDirectory
    public var path: String { directory.path }

    public init() throws {
        directory = try TemporaryDirectory("gpg")
        try directory.write("gpg.conf", "batch\nno-tty\ntrust-model always\nno-auto-key-retrieve\nno-greeting\n")
    }

    /// Which algorithms a generated key uses.
    public enum Kind: Sendable { case ecc, rsa }

    @discardableResult
    public func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        try Shell.check("gpg", ["--homedir", path, "--quiet"] + arguments, input: input)
    }

    /// Makes a key without a password for that address.
    public func generate(_ address: String, name: String = "Test", kind: Kind = .ecc) throws {
        let algorithms =
            switch kind {
            case .ecc:
                "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign,cert\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\n"
            case .rsa: "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign,cert\nSubkey-Type: RSA\nSubkey-Length: 2048\n"
            }
        let parameters =
            algorithms + "Subkey-Usage: encrypt\nName-Real: \(name)\nName-Email: \(address)\nExpire-Date: 0\n"
            + "%no-protection\n%commit\n"
        try run(["--gen-key"], input: Array(parameters.utf8))
    }

    public func publicKey(_ address: String) throws -> [UInt8] { try run(["--armor", "--export", address]) }
    public func secretKey(_ address: String) throws -> [UInt8] {
        try run(["--armor", "--export-secret-keys", address])
    }
    public func importKey(_ bytes: [UInt8]) throws { try run(["--import"], input: bytes) }

    public func fingerprint(_ address: String) throws -> String {
        let listing = String(decoding: try run(["--with-colons", "--list-keys", address]), as: UTF8.self)
        guard let line = listing.split(separator: "\n").first(where: { $0.hasPrefix("fpr:") }) else {
            throw TestFailure("no key for \(address)")
        }
        return String(line.split(separator: ":", omittingEmptySubsequences: false)[9])
    }

    public func decrypt(_ message: [UInt8]) throws -> [UInt8] { try run(["--decrypt"], input: message) }

    /// Decrypts and gives the status lines, too: `GOODSIG`, `DECRYPTION_OKAY` and the like.
    public func decryptWithStatus(_ message: [UInt8]) throws -> (content: [UInt8], status: String) {
        let result = try Shell.run(
            "gpg", ["--homedir", path, "--quiet", "--status-fd", "2", "--decrypt"], input: message)
        guard result.status == 0 else { throw TestFailure("gpg: \(result.error)") }
        return (result.output, result.error)
    }

    /// What gpg finds in a message, whether it can decrypt it or not.
    public func listPackets(_ message: [UInt8]) throws -> String {
        let result = try Shell.run("gpg", ["--homedir", path, "--batch", "--list-packets"], input: message)
        return String(decoding: result.output, as: UTF8.self)
    }

    /// Decrypts many messages with one process; gives the contents in order, nil where decryption failed.
    public func decryptAll(_ messages: [[UInt8]]) throws -> [[UInt8]?] {
        let folder = try TemporaryDirectory("dec")
        for (index, message) in messages.enumerated() { try folder.write("\(index).asc", message) }
        let names = messages.indices.map { folder.file("\($0).asc") }.joined(separator: "\n") + "\n"
        _ = try Shell.run("gpg", ["--homedir", path, "--quiet", "--multifile", "--decrypt"], input: Array(names.utf8))
        return messages.indices.map { try? folder.read("\($0)") }
    }

    /// A detached, armored signature over exactly these bytes.
    public func signDetached(_ content: [UInt8], as address: String, text: Bool = false) throws -> [UInt8] {
        try run(["--armor", "--detach-sign", "--local-user", address] + (text ? ["--textmode"] : []), input: content)
    }

    deinit { _ = try? Shell.run("gpgconf", ["--homedir", path, "--kill", "all"]) }
}
