import KeyStore
import Libcrypto
import MIME
import ProtectedMail
import TestSupport
import Testing

@testable import OpenPGP

@Suite(.onEachEngine) struct DesignatedRevokerTests {
    private static let birth = Timestamp(1_700_000_000)
    private static let now = Timestamp(1_700_100_000)

    private func signed(
        _ type: SignatureType, _ subpackets: [Subpacket], on key: SecretCertificate, by signer: SecretCertificate
    ) throws -> SecretCertificate {
        let issuer = signer.certificate.primaryKey
        var builder = try SignatureBuilder(type, creation: Self.birth, issuer: issuer)
        builder.hashed += subpackets
        let handle = try #require(try signer.handle(of: issuer))
        var parts = key.certificate.content.parts
        let signature = try builder.sign(over: .key(key.certificate.primaryKey), key: issuer, handle: handle)
        parts.direct.add([signature], primary: key.fingerprint)
        return SecretCertificate(certificate: Certificate(parts), secrets: key.secrets)
    }

    /// Whichever of the two certificates comes first.
    @Test(arguments: [true, false]) func nobodyEncryptsToWhatTheyRevoked(_ isRevokerFirst: Bool) throws {
        let directory = try TemporaryDirectory()
        let store = try KeyStore(at: directory.file("guardd.db"), master: try MasterKey.random())
        let guardian = try SecretCertificate.generate(userIDs: ["<guardian@example.org>"], at: Self.birth)
        let alice = try SecretCertificate.generate(userIDs: ["<alice@example.org>"], at: Self.birth)
        let algorithm = guardian.certificate.primaryKey.algorithm.rawValue
        let designation = Subpacket(.revocationKey, [0x80, algorithm] + guardian.fingerprint.bytes)
        let designating = try signed(.directKey, [designation], on: alice, by: alice)
        let revoked = try signed(.keyRevocation, [], on: designating, by: guardian)
        let address = try #require(EmailAddress("alice@example.org"))
        func usable() throws -> Int { try store.encryptionCertificates(for: address, at: Self.now).count }

        if isRevokerFirst { _ = try store.importCertificates(guardian.certificate.serialized(), provenance: .wkd) }
        _ = try store.importCertificates(designating.certificate.serialized(), provenance: .adminImport)
        #expect(try usable() == 1)
        _ = try store.importCertificates(revoked.certificate.serialized(), provenance: .adminImport)
        #expect(try usable() == (isRevokerFirst ? 0 : 1))
        _ = try store.importCertificates(guardian.certificate.serialized(), provenance: .wkd)
        #expect(try usable() == 0)
    }
}
