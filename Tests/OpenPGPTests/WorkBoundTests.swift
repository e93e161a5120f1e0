import Glibc
import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Hostile input of a mebibyte costs no more than in proportion to that of ten kibibytes: 102 times would be linear, and what
/// is quadratic costs ten thousand times as much. Counted is the processor time of the thread, the best of several runs,
/// less what the smallest input costs; a bound is set at 200 times.
@Suite(.serialized) struct WorkBoundTests {
    private static let time = Timestamp(1_790_000_000)
    private static let key = try? SecretCertificate.generate(
        userIDs: ["Alice <alice@example.org>"], at: Timestamp(1_780_000_000))

    struct Attack: Sendable, CustomStringConvertible {
        let name: String
        /// Input of about a size in octets.
        let input: @Sendable (Int) -> [UInt8]
        let read: @Sendable ([UInt8]) -> Void
        var description: String { name }
    }

    private static func repeated(_ unit: [UInt8], _ size: Int, before: [UInt8] = [], after: [UInt8] = []) -> [UInt8] {
        before + Array(repeatElement(unit, count: max(1, size / unit.count)).joined()) + after
    }

    private static func repeated(_ unit: String, _ size: Int, before: String = "", after: String = "") -> [UInt8] {
        repeated(Array(unit.utf8), size, before: Array(before.utf8), after: Array(after.utf8))
    }

    private static func packet(_ tag: PacketTag, _ body: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        PacketWriter.write(tag, body: body, into: &output)
        return output
    }

    // MARK: Readers

    @Sendable private static func readArmor(_ bytes: [UInt8]) { _ = try? Armor.decode(bytes) }

    @Sendable private static func readCleartext(_ bytes: [UInt8]) {
        _ = try? CleartextSignature.verify(bytes, time: time) { _ in [] }
    }

    @Sendable private static func readMessage(_ bytes: [UInt8]) {
        let decryptor = MessageDecryptor(keys: key?.decryptionKeys() ?? [], time: time) { _ in
            (key?.certificate).map { [$0] } ?? []
        }
        for piece in ChunkingTests.cut(bytes, 4096) where (try? decryptor.push(piece)) == nil { return }
        _ = try? decryptor.finish()
    }

    @Sendable private static func readCertificate(_ bytes: [UInt8]) {
        for certificate in (try? Certificate.parseAll(bytes))?.certificates ?? [] {
            _ = certificate.keyStatuses(at: time)
            _ = certificate.primaryUserID(at: time)
            _ = try? certificate.merged(with: certificate)
        }
    }

    @Sendable private static func readSignatures(_ bytes: [UInt8]) {
        guard let verifier = try? DetachedVerifier(signatures: bytes) else { return }
        verifier.push([1, 2, 3])
        _ = try? verifier.finish(signatures: bytes, time: time) { _ in (key?.certificate).map { [$0] } ?? [] }
    }

    @Sendable private static func walk(_ bytes: [UInt8]) {
        let walker = EncryptedMessageWalker()
        for piece in ChunkingTests.cut(bytes, 4096) { walker.push(piece) }
        _ = walker.finish()
    }

    // MARK: Inputs

    private static let head = "-----BEGIN PGP MESSAGE-----\n"
    private static let certificate = key?.certificate.serialized() ?? []
    private static let signature: [UInt8] = {
        guard let key, let signer = try? DetachedSigner(keys: [key.signingKey(at: time)], time: time) else { return [] }
        signer.push([1, 2, 3])
        return (try? signer.finish(armor: false)) ?? []
    }()
    private static let binding: [UInt8] =
        key?.certificate.userIDs.first?.signatures.signatures.first.map { packet(.signature, $0.serializedBody) } ?? []

    static let attacks: [Attack] = {
        func attack(
            _ name: String, _ read: @escaping @Sendable ([UInt8]) -> Void, _ input: @escaping @Sendable (Int) -> [UInt8]
        ) -> Attack { Attack(name: name, input: input, read: read) }
        let onePass = packet(.onePassSignature, [3, 0, 8, 22, 1, 2, 3, 4, 5, 6, 7, 8, 0])
        let subpackets = repeated([2, 100, 1], 60_000)
        let bigSignature = packet(
            .signature,
            [4, 0, 22, 10, UInt8(subpackets.count >> 8), UInt8(subpackets.count & 0xFF)] + subpackets
                + [0, 0, 1, 2, 0, 1, 1, 0, 1, 1])
        let sessionKey = packet(.publicKeyEncryptedSessionKey, [3] + [UInt8](repeating: 0, count: 8) + [18, 0, 1, 1])
        return [
            attack("armor: short lines", readArmor) { repeated("AAAA\n", $0, before: head + "\n") },
            attack("armor: one line", readArmor) { repeated("A", $0, before: head + "\n") },
            attack("armor: header fields", readArmor) { repeated("A: b\n", $0, before: head) },
            attack("armor: empty lines", readArmor) { repeated("\n", $0) },
            attack("armor: blocks that do not end", readArmor) { repeated(head, $0) },
            attack("armor: dashes", readArmor) { repeated("-", $0) },
            attack("cleartext: blanks", readCleartext) {
                repeated(" ", $0, before: "-----BEGIN PGP SIGNED MESSAGE-----\n\n")
            },
            attack("cleartext: escaped dashes", readCleartext) {
                repeated("- -\n", $0, before: "-----BEGIN PGP SIGNED MESSAGE-----\n\n")
            },
            attack("cleartext: carriage returns", readCleartext) {
                repeated("\r", $0, before: "-----BEGIN PGP SIGNED MESSAGE-----\n\n")
            },
            attack("cleartext: blocks that do not begin", readCleartext) {
                repeated("-----BEGIN PGP SIGNED MESSAGE----- \n:", $0)
            },
            attack("message: markers", readMessage) { repeated(packet(.marker, Array("PGP".utf8)), $0) },
            attack("message: padding", readMessage) { repeated(packet(.padding, []), $0) },
            attack("message: announcements", readMessage) { repeated(onePass, $0) },
            attack("message: session keys", readMessage) { repeated(sessionKey, $0) },
            attack("message: signatures", readMessage) {
                repeated(signature, $0, before: onePass, after: packet(.literalData, [0x62, 0, 0, 0, 0, 0]))
            },
            attack("message: short pieces", readMessage) {
                // A first piece of 512 octets, then such of one.
                repeated(
                    [0xE0, 0x61], $0, before: [0xCB, 0xE9, 0x62, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 506))
            },
            attack("message: walk over session keys", walk) { repeated(sessionKey, $0) },
            attack("message: walk over markers", walk) { repeated(packet(.marker, Array("PGP".utf8)), $0) },
            attack("signatures: many", readSignatures) { repeated(signature, $0) },
            attack("signatures: subpackets", readSignatures) { repeated(bigSignature, $0) },
            attack("signatures: padding", readSignatures) { repeated(packet(.padding, []), $0) },
            attack("certificate: user IDs", readCertificate) {
                repeated(packet(.userID, [65]), $0, before: certificate)
            },
            attack("certificate: bindings", readCertificate) { repeated(binding, $0, before: certificate) },
            attack("certificate: subpackets", readCertificate) { repeated(bigSignature, $0, before: certificate) },
            attack("certificate: certificates", readCertificate) { repeated(certificate, $0) },
            attack("certificate: unknown packets", readCertificate) { size in
                repeated([0xC0 | 60, 0], size, before: certificate)
            },
            attack("certificate: attributes", readCertificate) {
                repeated(packet(.userAttribute, [2, 1, 0]), $0, before: certificate)
            },
        ]
    }()

    private static func cost(_ runs: Int, _ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        return (0..<runs).map { _ in
            let begin = now()
            body()
            return now() - begin
        }.min() ?? 0
    }

    @Test(.disabled(if: Sanitizer.isActive), arguments: attacks) func isLinear(_ attack: Attack) {
        let inputs = [1, 10 << 10, 1 << 20].map(attack.input)
        #expect(inputs.allSatisfy { !$0.isEmpty })
        attack.read(inputs[0])
        var (fixed, small, large) = (Double.infinity, Double.infinity, Double.infinity)
        // What stops early costs nothing; a tenth of a millisecond is the grain of the clock.
        var isLinear: Bool { large - fixed < 200 * max(small - fixed, 1e-4) }
        // Other tests beside this one take from the caches of the processor, not for ever.
        for _ in 0..<10 where !isLinear {
            fixed = min(fixed, Self.cost(20) { attack.read(inputs[0]) })
            small = min(small, Self.cost(10) { attack.read(inputs[1]) })
            large = min(large, Self.cost(2) { attack.read(inputs[2]) })
        }
        #expect(isLinear, "\(attack): \((small - fixed) * 1e3) ms and \((large - fixed) * 1e3) ms")
    }
}
