import Foundation
import OpenPGP
import TestSupport

/// An implementation of OpenPGP, as a program. Everything is armored text of bytes; nothing is kept between calls.
protocol Peer: Sendable {
    var name: String { get }
    /// Versions of keys that it reads.
    var versions: Set<UInt8> { get }
    func makeKey(_ address: String) throws -> [UInt8]
    func certificate(of key: [UInt8]) throws -> [UInt8]
    func encrypt(_ data: [UInt8], to certificate: [UInt8], signer: [UInt8]?) throws -> [UInt8]
    func encrypt(_ data: [UInt8], password: String) throws -> [UInt8]
    /// With a signer only a message that is signed well by it will do.
    func decrypt(_ message: [UInt8], key: [UInt8], signer: [UInt8]?) throws -> [UInt8]
    func decrypt(_ message: [UInt8], password: String) throws -> [UInt8]
    func sign(_ data: [UInt8], key: [UInt8], isText: Bool) throws -> [UInt8]
    func verify(_ signature: [UInt8], of data: [UInt8], signer: [UInt8]) throws
    func inlineSign(_ data: [UInt8], key: [UInt8], isCleartext: Bool) throws -> [UInt8]
    /// Gives the signed content.
    func inlineVerify(_ message: [UInt8], signer: [UInt8]) throws -> [UInt8]
}

/// The implementation has no such operation.
struct Unsupported: Error {}

enum Peers {
    /// The one that everything is about.
    static let ours = SopPeer("guard-sop", program: Sop.program, versions: [4, 6])

    /// Those of this machine.
    static let others: [any Peer] = {
        var found: [any Peer] = ["sqop", "gosop", "rsop", "pgpainless-cli"].filter(Shell.has).map {
            SopPeer($0, program: $0, versions: readsVersion6($0) ? [4, 6] : [4])
        }
        // Others, which read version 6: NAME=PROGRAM,...
        for word in (ProcessInfo.processInfo.environment["GUARD_INTEROP_PEERS"] ?? "").split(separator: ",") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { found.append(SopPeer(parts[0], program: parts[1], versions: [4, 6])) }
        }
        if Shell.has("gpg") { found.append(GnuPGPeer()) }
        if Shell.has("rnp") { found.append(RnpPeer()) }
        return found
    }()

    /// Current programs have a profile for keys of RFC 9580.
    private static func readsVersion6(_ program: String) -> Bool {
        let profiles = try? Shell.run(program, ["list-profiles", "generate-key"])
        return profiles?.status == 0 && profiles?.text.lowercased().contains("rfc9580") == true
    }
}

extension TemporaryDirectory {
    /// A path inside that names nothing yet.
    func fresh() -> String { file("f\(UInt64.random(in: .min ... .max))") }

    func fresh(_ bytes: [UInt8]) throws -> String {
        let path = fresh()
        return try write(String(path.dropFirst(self.path.count + 1)), bytes)
    }
}
