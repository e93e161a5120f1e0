import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Certificates made to put one question each.
@Suite struct JudgementTests {
    private static let created = Timestamp(1_700_000_000)
    private static let edited = created.adding(seconds: 1000)
    private static let later = created.adding(seconds: 2000)

    private static func key(_ name: String = "Alice") throws -> SecretCertificate {
        try SecretCertificate.generate(userIDs: ["\(name) <\(name.lowercased())@example.org>"], at: created)
    }

    /// The key with one more signature by itself, or by `signer`, on itself.
    private func adding(
        _ type: SignatureType, _ subpackets: [Subpacket], to key: SecretCertificate,
        by signer: SecretCertificate? = nil, at time: Timestamp = edited
    ) throws -> SecretCertificate {
        let issuer = signer ?? key
        let handle = try #require(try issuer.handle(of: issuer.certificate.primaryKey))
        var builder = try SignatureBuilder(type, creation: time, issuer: issuer.certificate.primaryKey)
        builder.hashed += subpackets
        let signature = try builder.sign(
            over: .key(key.certificate.primaryKey), key: issuer.certificate.primaryKey, handle: handle)
        var parts = key.certificate.content.parts
        parts.direct.add([signature], primary: key.fingerprint)
        return SecretCertificate(certificate: Certificate(parts), secrets: key.secrets)
    }

    private func revoker(_ key: SecretCertificate, class octet: UInt8 = 0x80) -> Subpacket {
        Subpacket(.revocationKey, [octet, key.certificate.primaryKey.algorithm.rawValue] + key.fingerprint.bytes)
    }

    @Test func designatedRevokersRevoke() throws {
        let guardian = try Self.key("Guardian")
        let stranger = try Self.key("Stranger")
        let key = try adding(.directKey, [revoker(guardian)], to: try Self.key())
        #expect(key.certificate.designatedRevokers == [guardian.fingerprint])
        #expect(!key.certificate.hasUncheckedRevocations)
        let reason = Subpacket(.reasonForRevocation, [RevocationReason.compromised.rawValue])
        let revoked = try adding(.keyRevocation, [reason], to: key, by: guardian).certificate
        #expect(revoked.validity(at: Self.later) == .valid)
        #expect(revoked.hasUncheckedRevocations)
        let judged = revoked.considering(revokers: [stranger.certificate, guardian.certificate])
        #expect(!judged.hasUncheckedRevocations)
        #expect(judged.validity(at: Self.created) == .revoked(hard: true))
        // It stays so when the certificate is merged, in either order.
        #expect(try judged.merged(with: key.certificate).validity(at: Self.later) == .revoked(hard: true))
        #expect(try key.certificate.merged(with: judged).validity(at: Self.later) == .revoked(hard: true))

        // A stranger's revocation is nothing, nor is a designation by somebody else.
        let foreign = try adding(.keyRevocation, [reason], to: key, by: stranger).certificate
        #expect(foreign.considering(revokers: [stranger.certificate]).validity(at: Self.later) == .valid)
        let forged = try adding(.directKey, [revoker(stranger)], to: try Self.key(), by: stranger)
        #expect(forged.certificate.designatedRevokers.isEmpty)
        // The first bit of the class must be set.
        let odd = try adding(.directKey, [revoker(guardian, class: 0x40)], to: try Self.key())
        #expect(odd.certificate.designatedRevokers.isEmpty)
    }

    @Test func designatedRevokersRevokeParts() throws {
        let guardian = try Self.key("Guardian")
        let key = try adding(.directKey, [revoker(guardian)], to: try Self.key()).certificate
        let handle = try #require(try guardian.handle(of: guardian.certificate.primaryKey))
        var parts = key.content.parts
        let builder = try SignatureBuilder(
            .subkeyRevocation, creation: Self.edited, issuer: guardian.certificate.primaryKey)
        parts.subkeys[0].signatures.add(
            [
                try builder.sign(
                    over: .subkey(parts.subkeys[0].key, of: key.primaryKey), key: guardian.certificate.primaryKey,
                    handle: handle)
            ], primary: key.fingerprint)
        let revoked = Certificate(parts).considering(revokers: [guardian.certificate])
        #expect(revoked.validity(at: Self.later) == .valid)
        #expect(revoked.encryptionKeys(at: Self.later).isEmpty)
    }

    @Test(arguments: [(1, false), (2, true), (3, false), (32, false), (0, true), (50, true), (100, true), (255, true)])
    func unknownReasonsAreHard(_ reason: UInt8, _ isHard: Bool) throws {
        let key = try Self.key()
        let revoked = try adding(.keyRevocation, [Subpacket(.reasonForRevocation, [reason])], to: key).certificate
        #expect(revoked.validity(at: Self.later) == .revoked(hard: isHard))
        #expect(revoked.validity(at: Self.created) == (isHard ? .revoked(hard: true) : .valid))
    }

    @Test func aSoftRevocationIsTakenBackByANewerBinding() throws {
        let reason = Subpacket(.reasonForRevocation, [RevocationReason.retired.rawValue])
        let revoked = try adding(.keyRevocation, [reason], to: try Self.key())
        let back = try adding(.directKey, [], to: revoked, at: Self.later).certificate
        #expect(back.validity(at: Self.later) == .valid)
        #expect(back.validity(at: Self.later.adding(seconds: -1)) == .revoked(hard: false))
        // A hard one never is.
        let hard = try adding(.keyRevocation, [], to: try Self.key())
        #expect(
            try adding(.directKey, [], to: hard, at: Self.later).certificate.validity(at: Self.later)
                == .revoked(hard: true))
    }

    @Test func whatTheReaderMustKnowAndDoesNotVoidsTheSignature() throws {
        let known = Subpacket(.notationData, try Notation("a@example.org", "b").subpacket().body.map { $0 })
        let unknown = Subpacket(SubpacketType(rawValue: 100), [1])
        for (subpacket, isCritical) in [(known, false), (known, true), (unknown, false), (unknown, true)] {
            let carrier = Subpacket(subpacket.type, critical: isCritical, Array(subpacket.body))
            let end = Subpacket(.keyExpirationTime, Subpacket.octets(of: 10))
            let ending = try adding(.directKey, [carrier, end], to: try Self.key()).certificate
            // Where it counts, the key has ended.
            #expect(ending.validity(at: Self.later).isValid == isCritical, "\(subpacket.type.rawValue) \(isCritical)")
            let revoked = try adding(.keyRevocation, [carrier], to: try Self.key()).certificate
            #expect(revoked.validity(at: Self.later).isValid == isCritical, "\(subpacket.type.rawValue) \(isCritical)")
        }
    }

    @Test func takesTheNewestAndThenTheStrongestSubkey() throws {
        let key = try Self.key()
        let newer = try key.addingSubkey(.compatible, at: Self.edited)
        let newest = try newer.addingSubkey(.compatible, at: Self.later)
        let keys = newest.certificate.encryptionKeys(at: Self.later).map(\.creation)
        #expect(keys == [Self.later, Self.edited, Self.created])
        #expect(newest.certificate.encryptionKeys(at: Self.edited).count == 2)
        let strong = try newest.addingSubkey(.rsa4096, at: Self.later).certificate
        #expect(strong.encryptionKeys(at: Self.later).first?.algorithm == .rsa)
    }

    @Test func speaksByTheRightSignature() throws {
        let ciphers = [SymmetricID.camellia128.rawValue]
        let v4 = try adding(.directKey, [Subpacket(.preferredSymmetric, ciphers)], to: try Self.key())
        #expect(v4.certificate.preferences(at: Self.later).symmetric.first == .aes256)
        let v6 = try SecretCertificate.generate(profile: .rfc9580, userIDs: ["Alice"], at: Self.created)
        let direct = Subpacket(.preferredSymmetric, ciphers)
        let changed = try adding(.directKey, [direct], to: v6).certificate
        #expect(changed.preferences(at: Self.created).symmetric.first != .camellia128)
        #expect(changed.preferences(at: Self.later).symmetric == [.camellia128])
    }

    @Test func listsAndWeighsWhatOthersSay() throws {
        let bob = try Self.key("Bob")
        let alice = try Self.key()
        let user = try #require(bob.certificate.userIDs.first?.userID)
        let certified = try alice.certifying([user], of: bob.certificate, at: Self.edited)
        let listed = certified.thirdPartyCertifications
        #expect(listed.map(\.userID) == [user])
        #expect(listed.first?.issuers.contains(.fingerprint(alice.fingerprint)) == true)
        #expect(bob.certificate.thirdPartyCertifications.isEmpty)

        func counts(_ certificate: Certificate, _ issuer: Certificate, _ time: Timestamp = Self.later) -> Bool {
            certificate.certification(of: user, by: issuer, at: time) != nil
        }
        #expect(counts(certified, alice.certificate))
        #expect(alice.certificate.vouches(for: user, of: certified, at: Self.later))
        #expect(!alice.certificate.vouches(for: user, of: bob.certificate, at: Self.later))
        #expect(bob.certificate.vouches(for: user, of: bob.certificate, at: Self.later))
        #expect(!bob.certificate.vouches(for: UserID(bytes: [1]), of: bob.certificate, at: Self.later))
        #expect(!counts(certified, alice.certificate, Self.created))
        // A key vouches for itself.
        #expect(counts(bob.certificate, bob.certificate))
        #expect(!counts(bob.certificate, alice.certificate))
        #expect(certified.certification(of: UserID(bytes: [1]), by: alice.certificate, at: Self.later) == nil)
        #expect(!counts(certified, try alice.revoked(Revocation(), at: Self.later).certificate))
        var options = CertificationOptions()
        options.expiration = 10
        #expect(
            !counts(
                try alice.certifying([user], of: bob.certificate, options: options, at: Self.edited), alice.certificate)
        )

        // Taken back by its issuer.
        let handle = try #require(try alice.handle(of: alice.certificate.primaryKey))
        let builder = try SignatureBuilder(
            .certificationRevocation, creation: Self.edited, issuer: alice.certificate.primaryKey)
        var parts = certified.content.parts
        parts.userIDs[0].signatures.add(
            [
                try builder.sign(
                    over: .userID(user.bytes, of: bob.certificate.primaryKey), key: alice.certificate.primaryKey,
                    handle: handle)
            ], primary: bob.fingerprint)
        #expect(!counts(Certificate(parts), alice.certificate))
    }

    /// A thousand signatures that name the key as their maker must not push out what it really made, nor stay.
    @Test func forgeriesAreDroppedWhenTheyAreMany() throws {
        let key = try Self.key()
        let mallory = try Self.key("Mallory")
        let handle = try #require(try mallory.handle(of: mallory.certificate.primaryKey))
        var parts = key.certificate.content.parts
        let user = parts.userIDs[0].userID
        let forged = try (0..<300).map { index in
            let time = Self.created.adding(seconds: Int64(index))
            var builder = try SignatureBuilder(
                .positiveCertification, creation: time, issuer: key.certificate.primaryKey)
            builder.hashed.append(Subpacket(.keyExpirationTime, Subpacket.octets(of: 1)))
            return try builder.sign(
                over: .userID(user.bytes, of: key.certificate.primaryKey), key: mallory.certificate.primaryKey,
                handle: handle)
        }
        parts.userIDs[0].signatures.add(forged, primary: key.fingerprint)
        let flooded = Certificate(parts)
        #expect(flooded.userIDs.first?.signatures.signatures.count == 301)
        let read = try Certificate(parsing: flooded.serialized())
        #expect(read == key.certificate)
        #expect(flooded.validity(at: Self.later) == .valid)
    }

    @Test func aMisplacedRevocationIsFound() throws {
        let key = try Self.key().addingSubkey(.compatible, at: Self.edited)
        let subkey = try #require(key.certificate.subkeys.last?.key.fingerprint)
        let revoked = try key.revokingSubkey(subkey, Revocation(.compromised), at: Self.later).certificate
        var parts = revoked.content.parts
        let signature = try #require(parts.subkeys[1].signatures.signatures.first { $0.type == .subkeyRevocation })
        parts.subkeys[1].signatures.signatures.removeAll { $0 == signature }
        for place in [CertificateParts.Place.direct, .userID(0), .subkey(0)] {
            var mixed = parts
            mixed[place].signatures.append(signature)
            #expect(try Certificate(parsing: Certificate(mixed).serialized()) == revoked)
        }
        // The part comes only with the merge.
        var incomplete = parts
        incomplete.subkeys.removeLast()
        incomplete.direct.signatures.append(signature)
        let merged = try Certificate(incomplete).merged(with: key.certificate)
        #expect(merged.keyStatus(of: subkey, at: Self.later)?.validity == .revoked(hard: true))
    }

    @Test func signaturesHaveOneOrderHoweverTheyCame() throws {
        let key = try Self.key()
        let one = try adding(.keyRevocation, [], to: key, at: Self.later).certificate
        let two = try adding(.directKey, [], to: key, at: Self.edited).certificate
        let three = try key.certifying(
            key.certificate.userIDs.map(\.userID), of: key.certificate, at: Self.later)
        let orders = [[one, two, three], [three, two, one], [two, one, three]]
        let merged = try orders.map { try $0.reduce(key.certificate) { try $0.merged(with: $1) }.serialized() }
        #expect(Set(merged).count == 1)
        #expect(try Certificate(parsing: try #require(merged.first)).serialized() == merged.first)
    }

    @Test func keysOfDifferentVersionsDoNotBelongTogether() throws {
        let v4 = try Self.key()
        let v6 = try SecretCertificate.generate(profile: .rfc9580, userIDs: ["A"], at: Self.created)
        let handle = try #require(try v4.handle(of: v4.certificate.primaryKey))
        let foreign = try #require(v6.certificate.subkeys.first?.key)
        var builder = try SignatureBuilder(.subkeyBinding, creation: Self.edited, issuer: v4.certificate.primaryKey)
        builder.hashed.append(Subpacket(.keyFlags, [KeyFlags.encrypt.rawValue]))
        var parts = v4.certificate.content.parts
        var component = SubkeyComponent(key: foreign)
        component.signatures.signatures = [
            try builder.sign(
                over: .subkey(foreign, of: v4.certificate.primaryKey), key: v4.certificate.primaryKey, handle: handle)
        ]
        parts.subkeys.append(component)
        #expect(Certificate(parts).keyStatus(of: foreign.fingerprint, at: Self.later)?.validity.isValid == false)
        #expect(Certificate(parts).encryptionKeys(at: Self.later).count == 1)
    }
}
