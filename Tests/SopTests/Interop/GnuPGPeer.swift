import Libcrypto
import OpenPGP
import TestSupport

/// A thin driver around gpg. A home for each key, as nothing may be remembered.
final class GnuPGPeer: Peer {
    let name = "gpg"
    let versions: Set<UInt8> = [4]
    private let homes = Lock<[[UInt8]: GnuPGHome]>([:])
    private let folder: TemporaryDirectory

    init() { do { folder = try TemporaryDirectory("gpg") } catch { preconditionFailure("\(error)") } }

    private func home(_ keys: [UInt8]) throws -> GnuPGHome {
        if let known = homes.withLock({ $0[keys] }) { return known }
        let home = try GnuPGHome()
        if !keys.isEmpty { try home.importKey(keys) }
        homes.withLock { $0[keys] = home }
        return home
    }

    private func fingerprint(_ key: [UInt8]) throws -> String { try Certificate(parsing: key).fingerprint.hex }

    /// Standard output; every signature must be a good one where `signed` asks for one.
    private func run(_ home: GnuPGHome, _ arguments: [String], _ input: [UInt8], signed: Bool = false) throws -> [UInt8]
    {
        let result = try Shell.run(
            "gpg",
            ["--homedir", home.path, "--quiet", "--yes", "--status-fd", "2", "--pinentry-mode", "loopback"]
                + arguments, input: input)
        guard result.status == 0, !signed || result.error.contains("[GNUPG:] GOODSIG") else {
            throw TestFailure("gpg \(arguments): \(result.status) \(result.error.suffix(300))")
        }
        return result.output
    }

    func makeKey(_ address: String) throws -> [UInt8] {
        let home = try GnuPGHome()
        try home.generate(address, name: "gpg")
        return try home.secretKey(address)
    }

    func certificate(of key: [UInt8]) throws -> [UInt8] {
        try run(try home(key), ["--armor", "--export", try fingerprint(key)], [])
    }

    func encrypt(_ data: [UInt8], to certificate: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        let recipient = ["--armor", "--encrypt", "--recipient", try fingerprint(certificate)]
        guard let signer else { return try run(try home(certificate), recipient, data) }
        let home = try home(signer)
        try home.importKey(certificate)
        return try run(home, recipient + ["--sign", "--local-user", try fingerprint(signer)], data)
    }

    func encrypt(_ data: [UInt8], password: String) throws -> [UInt8] {
        try run(try home([]), ["--armor", "--symmetric", "--passphrase", password], data)
    }

    func decrypt(_ message: [UInt8], key: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        let home = try home(key)
        if let signer { try home.importKey(signer) }
        return try run(home, ["--decrypt"], message, signed: signer != nil)
    }

    func decrypt(_ message: [UInt8], password: String) throws -> [UInt8] {
        try run(try home([]), ["--decrypt", "--passphrase", password], message)
    }

    func sign(_ data: [UInt8], key: [UInt8], isText: Bool) throws -> [UInt8] {
        try run(
            try home(key),
            ["--armor", "--detach-sign", "--local-user", try fingerprint(key)] + (isText ? ["--textmode"] : []),
            data)
    }

    func verify(_ signature: [UInt8], of data: [UInt8], signer: [UInt8]) throws {
        _ = try run(try home(signer), ["--verify", try folder.fresh(signature), "-"], data, signed: true)
    }

    func inlineSign(_ data: [UInt8], key: [UInt8], isCleartext: Bool) throws -> [UInt8] {
        try run(
            try home(key), [isCleartext ? "--clearsign" : "--sign", "--armor", "--local-user", try fingerprint(key)],
            data)
    }

    func inlineVerify(_ message: [UInt8], signer: [UInt8]) throws -> [UInt8] {
        try run(try home(signer), ["--decrypt"], message, signed: true)
    }
}
