import Foundation
import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Keys that were changed after they were made, in the eyes of every other implementation of this machine. Most of them must
/// agree with us; those that do not are named.
@Suite(.serialized, .enabled(if: !Peers.others.isEmpty)) struct EditedKeyTests {
    private static let now = Timestamp(Int64(time(nil)))
    private static let created = now.adding(seconds: -20 * 86_400)
    private static let data = Array("Grüße\r\nfrom a changed key\r\n".utf8)
    private let ours = Peers.ours

    struct Edit: Sendable, CustomStringConvertible {
        let name: String
        let apply: @Sendable (SecretCertificate, KeyProfile) throws -> SecretCertificate
        var description: String { name }
    }

    /// After these the key works as before.
    static let harmless: [Edit] = [
        Edit(name: "nothing") { key, _ in key },
        Edit(name: "user ID added") { key, _ in
            try key.addingUserID("Bob <bob@example.org>", isPrimary: true, at: now)
        },
        Edit(name: "user ID added and revoked") { key, _ in
            try key.addingUserID("Bob <bob@example.org>", at: now.adding(seconds: -100))
                .revokingUserID(UserID(bytes: Array("Bob <bob@example.org>".utf8)), at: now)
        },
        Edit(name: "end moved") { key, _ in try key.expiring(at: now.adding(seconds: 86_400), now: now) },
        Edit(name: "subkeys added") { key, profile in
            try key.addingSubkey(profile, flags: .sign, at: now.adding(seconds: -5))
                .addingSubkey(profile, at: now.adding(seconds: -5))
        },
        Edit(name: "password set and taken away") { key, _ in
            let password = SecretBytes(copying: Array("open sesame".utf8))
            return try key.changingPassword(from: [], to: password).changingPassword(from: [password], to: nil)
        },
    ]

    /// After these nobody encrypts to it.
    static let fatal: [Edit] = [
        Edit(name: "stolen") { key, _ in try key.revoked(Revocation(.compromised), at: now.adding(seconds: -5)) },
        Edit(name: "retired") { key, _ in try key.revoked(Revocation(.retired), at: now.adding(seconds: -5)) },
        Edit(name: "ended") { key, _ in
            try key.expiring(at: now.adding(seconds: -86_400), now: now.adding(seconds: -10 * 86_400))
        },
        Edit(name: "subkey revoked") { key, _ in
            let subkey = try #require(key.certificate.subkeys.first?.key.fingerprint)
            return try key.revokingSubkey(subkey, Revocation(.superseded), at: now.adding(seconds: -5))
        },
    ]

    private func key(_ profile: KeyProfile) throws -> SecretCertificate {
        try SecretCertificate.generate(profile: profile, userIDs: ["Alice <alice@example.org>"], at: Self.created)
    }

    private func octets(_ key: SecretCertificate) -> [UInt8] {
        key.armored().withBytes { span in span.withUnsafeBufferPointer(Array.init) }
    }

    /// Asks everybody who reads such keys.
    private func ask(_ what: String, _ profile: KeyProfile, _ body: (any Peer) throws -> Void) {
        var (agree, differ): (Int, [String]) = (0, [])
        for peer in InteropTests.peers where peer.versions.contains(profile.version) {
            do {
                try body(peer)
                agree += 1
            } catch is Unsupported {} catch { differ.append("\(peer.name): \(error)") }
        }
        if agree + differ.count < (profile.version == 6 ? 2 : 1) { say("  UNPROVEN \(what) [\(profile.rawValue)]") }
        for line in differ { say("  \(what) [\(profile.rawValue)], others see it otherwise: \(line)") }
        #expect(agree >= differ.count, "\(what) [\(profile.rawValue)] \(differ)")
    }

    @Test(arguments: harmless, [KeyProfile.compatible, .rfc9580])
    func stillWorks(_ edit: Edit, _ profile: KeyProfile) throws {
        let changed = try edit.apply(try key(profile), profile)
        let (secret, certificate) = (octets(changed), changed.certificate.armored())
        ask(edit.name, profile) { peer in
            for (producer, consumer) in [(peer, ours as any Peer), (ours as any Peer, peer)] {
                let message = try producer.encrypt(Self.data, to: certificate, signer: secret)
                guard try consumer.decrypt(message, key: secret, signer: certificate) == Self.data else {
                    throw TestFailure("another content")
                }
                let signature = try producer.sign(Self.data, key: secret, isText: false)
                try consumer.verify(signature, of: Self.data, signer: certificate)
            }
        }
    }

    @Test(arguments: fatal, [KeyProfile.compatible, .rfc9580])
    func isRefused(_ edit: Edit, _ profile: KeyProfile) throws {
        let good = try key(profile)
        let changed = try edit.apply(good, profile).certificate.armored()
        #expect(throws: TestFailure.self) { try ours.encrypt(Self.data, to: changed, signer: nil) }
        ask("encryption, \(edit.name)", profile) { peer in
            guard (try? peer.encrypt(Self.data, to: changed, signer: nil)) == nil else {
                throw TestFailure("encrypts to it")
            }
        }
        guard edit.name == "stolen" else { return }
        let signature = try ours.sign(Self.data, key: octets(good), isText: false)
        #expect(throws: TestFailure.self) { try ours.verify(signature, of: Self.data, signer: changed) }
        ask("verification, \(edit.name)", profile) { peer in
            guard (try? peer.verify(signature, of: Self.data, signer: changed)) == nil else {
                throw TestFailure("believes it")
            }
        }
    }

    /// Keys locked anew, as we lock our own and as we export for others.
    @Test(arguments: [KeyProfile.compatible, .rfc9580]) func opensWithItsPassword(_ profile: KeyProfile) throws {
        let password = SecretBytes(copying: Array("open sesame".utf8))
        let locked = try key(profile).changingPassword(from: [], to: password)
        let certificate = locked.certificate.armored()
        ask("password", profile) { peer in
            guard let sop = peer as? SopPeer else { throw Unsupported() }
            let signature = try sop.sign(Self.data, key: octets(locked), password: "open sesame")
            try ours.verify(signature, of: Self.data, signer: certificate)
            guard (try? sop.sign(Self.data, key: octets(locked), password: "open barley")) == nil else {
                throw TestFailure("opens with another password")
            }
        }
    }
}
