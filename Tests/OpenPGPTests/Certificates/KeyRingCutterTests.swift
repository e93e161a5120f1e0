import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Rings cut into single keys are what the whole ring is when it is parsed at once.
@Suite struct KeyRingCutterTests {
    private static let keys = Result {
        try (0..<4).map {
            try SecretCertificate.generate(userIDs: ["<user\($0)@example.org>"], at: Timestamp(1_700_000_000))
        }
    }

    private func cut(
        _ ring: [UInt8], pieces: Int
    ) throws -> (keys: [KeyRingCutter.Key], problems: [OpenPGPError]) {
        var cutter = KeyRingCutter(maximumKey: 64 << 10)
        var keys: [KeyRingCutter.Key] = []
        for start in stride(from: 0, to: ring.count, by: pieces) {
            try cutter.push(Array(ring[start..<min(start + pieces, ring.count)]).span) { keys.append($0) }
        }
        try cutter.finish { keys.append($0) }
        return (keys, cutter.problems)
    }

    private func expectSame(_ ring: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let whole = try Certificate.parseAll(ring).certificates
        for pieces in [1, 7, 64, 100_000] {
            let (keys, problems) = try cut(ring, pieces: pieces)
            #expect(problems.isEmpty, sourceLocation: sourceLocation)
            #expect(
                try keys.map { try Certificate(parsing: $0.octets) } == whole, "\(pieces)",
                sourceLocation: sourceLocation)
        }
    }

    @Test func binaryArmoredAndSeveralArmors() throws {
        let certificates = try Self.keys.get().map { $0.certificate.serialized() }
        let ring = certificates.flatMap { $0 }
        try expectSame(ring)
        try expectSame(Armor.encode(ring, kind: .publicKey))
        try expectSame(certificates.flatMap { Armor.encode($0, kind: .publicKey) + Array("text\n".utf8) })
    }

    @Test func secretKeysAreTold() throws {
        let keys = try Self.keys.get()
        var ring = keys[0].certificate.serialized()
        keys[1].serialized().withBytes { span in for index in span.indices { ring.append(span[index]) } }
        ring += keys[2].certificate.serialized()
        try expectSame(ring)
        #expect(try cut(ring, pieces: 10).keys.map(\.isSecret) == [false, true, false])
    }

    @Test func whatIsBrokenIsReported() throws {
        let certificates = try Self.keys.get().map { $0.certificate.serialized() }
        // The end of a binary ring is missing: what came before it counts.
        let (keys, problems) = try cut(certificates[0] + certificates[1].dropLast(), pieces: 50)
        #expect(keys.count == 2 && problems == [OpenPGPError(.truncated, "")])
        // Octets that are no packet end an object, not those that follow it.
        let broken = Armor.encode(certificates[0] + [0x11, 0x22], kind: .publicKey)
        let (rest, found) = try cut(broken + Armor.encode(certificates[1], kind: .publicKey), pieces: 50)
        #expect(rest.count == 2 && found == [OpenPGPError(.malformed, "")])
        #expect(throws: OpenPGPError(.unexpectedData, "")) { try cut(Array("hello\n".utf8), pieces: 3) }
        #expect(throws: OpenPGPError(.truncated, "")) { try cut(broken.dropLast(40), pieces: 3) }
    }

    @Test func aKeyWithoutEndIsPassedOver() throws {
        var ring = try Self.keys.get()[0].certificate.serialized()
        let userID = [UInt8](repeating: 0x61, count: 10 << 10)
        for _ in 0..<20 { PacketWriter.write(.userID, body: userID, into: &ring) }
        ring += try Self.keys.get()[1].certificate.serialized()
        let (keys, problems) = try cut(ring, pieces: 1 << 12)
        #expect(keys.count == 1 && problems == [OpenPGPError(.limitExceeded, "")])
    }
}
