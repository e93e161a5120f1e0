import Libcrypto
import OpenPGP

extension Subcommand {
    static let verify = Subcommand(
        "verify", usage: "[--not-before=DATE] [--not-after=DATE] [--] SIGNATURES CERTS... <DATA",
        options: ["--not-before", "--not-after"]
    ) { arguments in
        guard let name = arguments.positional.first, arguments.positional.count > 1 else {
            throw Failure(.missingArgument, "signatures and certificates are needed")
        }
        let now = Timestamp.now()
        let signers = try SignerSet(
            Array(arguments.positional.dropFirst()), window: try window(arguments, now), now: now)
        let signatures = try InputFile.read(name)
        let verifier: DetachedVerifier
        do {
            verifier = try DetachedVerifier(signatures: signatures)
        } catch let error as OpenPGPError {
            throw Failure(.badData, "\(name): \(error.message)")
        }
        try FileReader.standardInput().forEachPiece { verifier.push($0) }
        let results = try verifier.finish(signatures: signatures, time: now, certificates: signers.issuers)
        let lines = signers.lines(for: results)
        try expectSome(lines)
        let output = StandardOutput()
        for line in lines { output.write(line) }
        try output.finish()
    }

    static let inlineVerify = Subcommand(
        "inline-verify",
        usage: "[--not-before=DATE] [--not-after=DATE] [--verifications-out=VERIFICATIONS] [--] CERTS... <INLINESIGNED",
        options: ["--not-before", "--not-after", "--verifications-out"],
        aliases: ["--verify-out": "--verifications-out"]
    ) { arguments in
        guard !arguments.positional.isEmpty else { throw Failure(.missingArgument, "no certificates of signers") }
        let now = Timestamp.now()
        let signers = try SignerSet(arguments.positional, window: try window(arguments, now), now: now)
        let report = try arguments.one("--verifications-out").map { try OutputFile($0) }
        let signed = try SignedInput.read(FileReader.standardInput(), time: now, certificates: signers.issuers)
        let lines = signers.lines(for: signed.results)
        for line in lines { try report?.write(line) }
        try expectSome(lines)
        try signed.writeContent()
        report?.keep()
    }

    static let inlineDetach = Subcommand(
        "inline-detach", usage: "[--no-armor] --signatures-out=SIGNATURES <INLINESIGNED", flags: ["--no-armor"],
        options: ["--signatures-out"]
    ) { arguments in
        try arguments.expectNoPositional()
        guard let name = try arguments.one("--signatures-out") else {
            throw Failure(.missingArgument, "--signatures-out is needed")
        }
        let target = try OutputFile(name)
        let signed = try SignedInput.read(FileReader.standardInput(), time: .now(), certificates: { _ in [] })
        var packets: [UInt8] = []
        for signature in signed.results.compactMap(\.signature) {
            PacketWriter.write(.signature, body: signature.serializedBody, into: &packets)
        }
        guard !packets.isEmpty else { throw Failure(.badData, "the message is not signed") }
        try target.write(arguments.armor ? Armor.encode(packets, kind: .signature) : packets)
        try signed.writeContent()
        target.keep()
    }

    private static func window(_ arguments: Arguments, _ now: Timestamp) throws -> DateWindow {
        try DateWindow(from: try arguments.one("--not-before"), to: try arguments.one("--not-after"), now: now)
    }

    private static func expectSome(_ lines: [String]) throws {
        guard !lines.isEmpty else { throw Failure(.noSignature, "no signature of these certificates counts") }
    }
}
