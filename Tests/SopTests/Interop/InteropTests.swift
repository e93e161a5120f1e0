import Foundation
import OpenPGP
import TestSupport
import Testing

/// guard-sop as producer and as consumer against every other implementation of this machine. `GUARD_INTEROP=whole` takes
/// every profile, text and program; else a cut that takes a minute.
@Suite(.serialized, .enabled(if: !Peers.others.isEmpty)) struct InteropTests {
    static let isWhole = ProcessInfo.processInfo.environment["GUARD_INTEROP"] == "whole"

    static let texts: [(name: String, data: [UInt8])] = {
        var generator = SplitMix64(seed: 20_240_731)
        let mixed = "- Grüße aus Köln \r\nFrom here on\t\r\n\r\n--\r\n\u{4E16}\u{754C} "
        let short: [(String, [UInt8])] = [("empty", []), ("mixed", Array(mixed.utf8))]
        guard isWhole else { return short }
        return short + [
            ("ascii", Array("Please pay 100 EUR\n- by Friday.\n".utf8)),
            ("random", (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &generator) }),
        ]
    }()

    /// Starting a Java machine takes as long as all others together.
    static let peers = Peers.others.filter { isWhole || $0.name != "pgpainless-cli" }

    @Test(arguments: isWhole ? KeyProfile.allCases : [.compatible, .rfc9580, .nistP256])
    func ourKeys(_ profile: KeyProfile) throws {
        let secret = try Peers.ours.makeKey("p@example.org", profile: profile.rawValue)
        try run(profile.rawValue, secret, Self.peers)
    }

    @Test(arguments: peers.map(\.name))
    func theirKeys(_ name: String) throws {
        let peer = try #require(Self.peers.first { $0.name == name })
        try run("key of \(name)", try peer.makeKey("k@example.org"), Self.isWhole ? Self.peers : [peer])
    }

    @Test func passwords() throws {
        var matrix = InteropMatrix(others: Self.peers, texts: Self.texts)
        matrix.run(.password, under: InteropMatrix.Key(name: "password", secret: [], certificate: [], version: 4))
        check(matrix.report)
    }

    private func run(_ name: String, _ secret: [UInt8], _ peers: [any Peer]) throws {
        let certificate = try Peers.ours.certificate(of: secret)
        let key = InteropMatrix.Key(
            name: name, secret: secret, certificate: certificate,
            version: try Certificate(parsing: certificate).primaryKey.version)
        var matrix = InteropMatrix(others: peers, texts: Self.texts)
        for operation in InteropMatrix.Operation.allCases where operation.needsKey {
            matrix.run(operation, under: key)
        }
        check(matrix.report)
    }

    private func check(_ report: InteropMatrix.Report) {
        say(
            "interop: \(report.passed) pass, \(report.unsupported) not supported by a peer, "
                + "\(report.known) known differences, \(report.doubtful.count) doubtful, \(report.faults.count) faults, \(report.unproven.count) UNPROVEN"
        )
        for line in report.unproven { say("  UNPROVEN \(line)") }
        for line in report.doubtful { say("  doubtful \(line)") }
        for line in report.faults { Issue.record("\(line)") }
        #expect(report.passed > 0)
    }
}
