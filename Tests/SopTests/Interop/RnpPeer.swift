import OpenPGP
import TestSupport

/// A thin driver around rnp, the implementation of Thunderbird. Keys come from files, nothing is remembered.
struct RnpPeer: Peer {
    let name = "rnp"
    let versions: Set<UInt8> = [4]
    private let folder: TemporaryDirectory

    init() { do { folder = try TemporaryDirectory("rnp") } catch { preconditionFailure("\(error)") } }

    private func run(
        _ arguments: [String], keys: [[UInt8]] = [], _ input: [UInt8], password: String = "", signed: Bool = false
    ) throws -> [UInt8] {
        let files = keys.isEmpty ? [] : ["--keyfile", try folder.fresh(try binary(keys))]
        let result = try Shell.run(
            "rnp",
            ["--homedir", folder.path, "--notty", "--password", password] + files + arguments + ["--output", "-"],
            input: input)
        guard result.status == 0, !signed || result.error.contains("Good signature") else {
            throw TestFailure("rnp \(arguments): \(result.status) \(result.error.suffix(300))")
        }
        return result.output
    }

    private func binary(_ keys: [[UInt8]]) throws -> [UInt8] {
        try keys.flatMap { try Armor.decode($0).flatMap(\.bytes) }
    }

    private func id(_ key: [UInt8]) throws -> String { try Certificate(parsing: key).fingerprint.hex }

    func makeKey(_ address: String) throws -> [UInt8] {
        let home = try TemporaryDirectory("rnpkeys")
        try Shell.check(
            "rnpkeys", ["--homedir", home.path, "--generate-key", "--userid", "rnp <\(address)>", "--password", ""])
        return try Shell.check(
            "rnpkeys", ["--homedir", home.path, "--export-key", "--secret", address, "--password", ""])
    }

    func certificate(of key: [UInt8]) throws -> [UInt8] { try Peers.ours.certificate(of: key) }

    func encrypt(_ data: [UInt8], to certificate: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        // rnp has no way to name the keys' parts apart from their fingerprints.
        let sign = try signer.map { ["--sign", "-u", try id($0)] } ?? []
        return try run(
            ["--encrypt", "--armor", "-r", try id(certificate)] + sign,
            keys: signer.map { [$0, certificate] } ?? [certificate], data)
    }

    func encrypt(_ data: [UInt8], password: String) throws -> [UInt8] {
        try run(["--symmetric", "--armor"], data, password: password)
    }

    func decrypt(_ message: [UInt8], key: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        try run(["--decrypt"], keys: signer.map { [key, $0] } ?? [key], message, signed: signer != nil)
    }

    func decrypt(_ message: [UInt8], password: String) throws -> [UInt8] {
        try run(["--decrypt"], message, password: password)
    }

    func sign(_ data: [UInt8], key: [UInt8], isText: Bool) throws -> [UInt8] {
        guard !isText else { throw Unsupported() }
        return try run(["--sign", "--detach", "--armor", "-u", try id(key)], keys: [key], data)
    }

    func verify(_ signature: [UInt8], of data: [UInt8], signer: [UInt8]) throws {
        _ = try run(
            ["--verify", try folder.fresh(signature), "--source", try folder.fresh(data)], keys: [signer], [],
            signed: true)
    }

    func inlineSign(_ data: [UInt8], key: [UInt8], isCleartext: Bool) throws -> [UInt8] {
        try run([isCleartext ? "--clearsign" : "--sign", "--armor", "-u", try id(key)], keys: [key], data)
    }

    func inlineVerify(_ message: [UInt8], signer: [UInt8]) throws -> [UInt8] {
        try run(["--decrypt"], keys: [signer], message, signed: true)
    }
}
