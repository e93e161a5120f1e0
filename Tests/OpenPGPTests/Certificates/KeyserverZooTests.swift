import Foundation
import OpenPGP
import TestSupport
import Testing

/// What key servers deliver: only what the key itself binds may count, and nothing of it costs much.
@Suite(.enabled(if: Corpora.isAvailable)) struct KeyserverZooTests {
    private static let now = Timestamp(1_790_000_000)

    private func certificates(_ name: String) throws -> [Certificate] {
        try Certificate.parseAll(try Corpora.bytes("keyserver-zoo/" + name)).certificates
    }

    private func certificate(_ name: String) throws -> Certificate {
        try #require(try certificates(name).first, "\(name)")
    }

    @Test func keepsOnlyWhatIsBound() throws {
        var count = 0
        for path in try Corpora.files(under: "keyserver-zoo") where path.hasSuffix(".asc") {
            let bytes = try Corpora.bytes(path)
            guard let found = try? Certificate.parseAll(bytes).certificates else { continue }
            for certificate in found {
                count += 1
                let cleaned = certificate.cleaned()
                #expect(cleaned.serialized().count <= certificate.serialized().count, "\(path)")
                for time in [Self.now, Timestamp(1_300_000_000)] {
                    for policy in [AlgorithmPolicy.standard, .archive] {
                        func answers(_ certificate: Certificate) -> [String] {
                            let keys = certificate.keyStatuses(at: time, policy: policy).filter(\.validity.isValid)
                            return keys.map { "\($0)" }
                                + certificate.validUserIDs(at: time, policy: policy).map(\.string)
                        }
                        #expect(answers(cleaned) == answers(certificate), "\(path)")
                    }
                }
                #expect(cleaned.cleaned() == cleaned, "\(path)")
                #expect(try certificate.merged(with: cleaned) == certificate, "\(path)")
                try CertificateCorpusTests.checkRoundTrip(cleaned, path)
            }
        }
        print("certificates of keyserver-zoo: \(count)")
        #expect(count > 30)
    }

    @Test func findsNoAddressWithoutASelfSignature() throws {
        let zoo = try certificate("badselfsig.asc")
        let valid = zoo.validUserIDs(at: Self.now, policy: .archive)
        #expect(valid.count < zoo.userIDs.count)
        #expect(zoo.cleaned().userIDs.count < zoo.userIDs.count)
        let fake = try certificate("fakenews.asc")
        #expect(fake.cleaned().userIDs.count == fake.validUserIDs(at: Self.now, policy: .archive).count)
    }

    @Test func dropsDuplicates() throws {
        let doubled = try certificate("252B8B37.dupsig.asc")
        let components =
            [doubled.directSignatures] + doubled.userIDs.map(\.signatures) + doubled.subkeys.map(\.signatures)
        for component in components {
            #expect(Set(component.signatures).count == component.signatures.count)
        }
    }

    @Test func mergesARevocationOnlyIntoItsKey() throws {
        let original = try certificate("revok_orig.asc")
        let revocation = try Corpora.bytes("keyserver-zoo/revok_cert.asc")
        #expect(try Certificate.parseAll(revocation).certificates.isEmpty)
        let revoked = try original.merged(withRevocation: revocation)
        guard case .revoked = revoked.validity(at: Self.now, policy: .archive) else {
            Issue.record("\(revoked.validity(at: Self.now, policy: .archive))")
            return
        }
        #expect(throws: OpenPGPError(.badSignature, "")) {
            try certificate("alice_signed.asc").merged(withRevocation: revocation)
        }
    }

    @Test func seesRevocations() throws {
        for name in ["test-key-revoke.asc", "test-rtbf-revoke.asc"] {
            let base = try certificate(name.replacingOccurrences(of: "-revoke", with: ""))
            let revoked = try base.merged(withRevocation: try Corpora.bytes("keyserver-zoo/" + name))
            guard case .revoked = revoked.validity(at: Self.now, policy: .archive) else {
                Issue.record("\(name): \(revoked.validity(at: Self.now, policy: .archive))")
                continue
            }
        }
        let part = try certificate("test-key-uid-revoked.asc")
        #expect(part.validUserIDs(at: Self.now, policy: .archive).count < part.userIDs.count)
    }

    @Test func refusesKeysThatAreTooShort() throws {
        let short = try certificate("rsa1023.asc")
        #expect(KeyClass(short.primaryKey) == nil)
        for policy in [AlgorithmPolicy.standard, .archive] {
            #expect(!short.validity(at: Self.now, policy: policy).isValid)
            #expect(short.encryptionKeys(at: Self.now, policy: policy).isEmpty)
        }
    }

    @Test func findsThePlacesOfSignatures() throws {
        // Subkey revocations stand behind a user ID and behind other subkeys there.
        let mixed = try certificate("rtt-140.asc")
        #expect(
            mixed.userIDs.allSatisfy { user in user.signatures.signatures.allSatisfy { $0.type != .subkeyRevocation } })
        let revoked = mixed.keyStatuses(at: Self.now, policy: .archive).dropFirst().map(\.validity)
        #expect(revoked.contains { if case .revoked = $0 { true } else { false } }, "\(revoked)")
    }

    @Test func keepsPicturesAndUnknownSubkeys() throws {
        let picture = try certificate("uat.asc")
        #expect(!picture.userAttributes.isEmpty)
        let future = try certificate("cv448-v5-subkey.asc")
        #expect(!future.unknownComponents.isEmpty || future.subkeys.isEmpty)
    }
}
