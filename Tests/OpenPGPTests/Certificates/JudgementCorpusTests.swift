import Foundation
import OpenPGP
import TestSupport
import Testing

/// What other implementations say about the keys of the corpora.
@Suite(.enabled(if: Corpora.isAvailable)) struct JudgementCorpusTests {
    private static let now = Timestamp(1_790_000_000)

    private func state(_ validity: CertificateValidity?) -> String {
        switch validity {
        case .valid: "valid"
        case .expired: "expired"
        case .revoked: "revoked"
        default: "invalid"
        }
    }

    @Test func judgesForgedKeysLikeRNP() throws {
        for (name, entry) in try CertificateCorpusTests.expectations("rnp").sorted(by: { $0.key < $1.key }) {
            guard entry["kind"] as? String == "openpgp-cert", let primary = entry["primary"] as? String else {
                continue
            }
            let found = try Certificate.parseAll(try Corpora.bytes("rnp/" + name))
            let certificate = try #require(found.certificates.first, "\(name)")
            // Small keys and old hashes are for another test; this one is about the signatures.
            let policy: AlgorithmPolicy = name.contains("2024") ? .standard : .archive
            let statuses = certificate.keyStatuses(at: Self.now, policy: policy)
            #expect(state(statuses.first?.validity) == primary, "\(name): \(String(describing: statuses.first))")
            // One signing subkey is on secp256k1, which no policy here knows.
            let isUnsupported = name.contains("case8")
            if !isUnsupported, let subkey = entry["subkey"] as? String, let status = statuses.dropFirst().first {
                let judged = state(status.validity)
                let isUseless = status.flags.isEmpty || !status.validity.isValid
                #expect(judged == subkey || subkey == "invalid" && isUseless, "\(name): \(status)")
            }
            if entry["userid"] as? String == "invalid" {
                #expect(certificate.validUserIDs(at: Self.now, policy: .archive).isEmpty, "\(name)")
            }
        }
    }

    @Test func choosesUserIDsLikeRNP() throws {
        func certificate(_ name: String) throws -> Certificate {
            try Certificate(parsing: try Corpora.bytes("rnp/test_uid_validity/" + name))
        }
        func userIDs(_ name: String) throws -> [String] {
            try certificate(name).validUserIDs(at: Self.now, policy: .archive).map(\.string)
        }
        #expect(try userIDs("key-uids-with-invalid.pgp").contains { $0.contains("userid-valid") })
        #expect(try !userIDs("key-uids-with-invalid.pgp").contains { $0.contains("userid-invalid") })
        // RNP holds a revoked user ID for revoked even where a newer self-signature takes it back; RFC 9580 section
        // 5.2.1.12, sequoia and GnuPG do not, so that here only the moment between the two counts.
        let revoked = try certificate("key-uids-revoked-valid.pgp")
        let between = revoked.validUserIDs(at: Timestamp(1_604_000_000), policy: .archive)
        #expect(!between.contains { $0.string == "userid-valid" })
        #expect(try userIDs("key-uid-prim-expired-sig.pgp").first?.contains("non_prim_uid") == true)
    }

    @Test func findsTheValidPartsOfGooglesKeys() throws {
        for (name, entry) in try CertificateCorpusTests.expectations("openpgp-interop-google") {
            guard let userIDs = entry["valid_userids"] as? [String], let subkeys = entry["valid_subkeys"] as? [String]
            else { continue }
            let found = try Certificate.parseAll(try Corpora.bytes("openpgp-interop-google/" + name))
            let certificate = try #require(found.certificates.first)
            // Judged at the time of their making: some have long expired.
            let time = certificate.userIDs.flatMap(\.signatures.signatures).compactMap(\.creation).max() ?? Self.now
            let judged = certificate.validUserIDs(at: time, policy: .archive).map { $0.string.lowercased() }
            for userID in userIDs { #expect(judged.contains(userID.lowercased()), "\(name): \(judged)") }
            let valid = certificate.keyStatuses(at: Self.now, policy: .archive).filter { !$0.isPrimary }
            for subkey in subkeys {
                let status = valid.first { $0.key.fingerprint == Fingerprint(hex: subkey) }
                #expect(status != nil, "\(name)")
                if case .revoked = status?.validity { Issue.record("\(name): \(subkey) is revoked") }
            }
        }
    }

    @Test func refusesWhatThunderbirdRefuses() throws {
        func certificate(_ name: String) throws -> Certificate {
            let found = try Certificate.parseAll(try Corpora.bytes("thunderbird-openpgp/keys/" + name))
            return try #require(found.certificates.first)
        }
        #expect(try certificate("expired-enc-subkey.pub.asc").encryptionKeys(at: Self.now).isEmpty)
        // The first subkey's binding is forged, the second one's is right.
        let keys = try certificate("encryption-subkey-bad.pgp").encryptionKeys(at: Self.now)
        #expect(keys.map(\.keyID.hex) == ["BC63472A109D5859"])
        // What has no valid user ID is found by no address.
        #expect(try certificate("invalid-pubkey-nosigs.pgp").validUserIDs(at: Self.now).isEmpty)
        for name in ["carol@pgp.icu-0xEF2FD01608AFD744-revoked-secret.asc", "revoked-then-signed.pgp"] {
            let validity = try certificate(name).validity(at: Self.now)
            if case .revoked = validity {} else { Issue.record("\(name): \(validity)") }
        }
    }

    @Test func refusesToEncryptToAnExpiredUserID() throws {
        let certificate = try Certificate(
            parsing: try CertificateCorpusTests.key("interop-derived/expiry/userIdExpired.json"))
        #expect(certificate.encryptionKeys(at: Self.now).isEmpty)
    }

    /// Detached signatures over a time line of bindings and revocations, judged at the signature's own time.
    @Test func judgesTheTimeLinesOfTheInteroperabilitySuite() throws {
        for (name, entry) in try CertificateCorpusTests.expectations("interop-derived").sorted(by: { $0.key < $1.key })
        {
            guard entry["kind"] as? String == "openpgp-signature", let expected = entry["verify"] as? String,
                expected != "either"
            else { continue }
            let bytes = try Corpora.bytes("interop-derived/" + name)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            guard let armor = object["signature"] as? String, let text = object["cert"] as? String,
                let data = object["data"] as? String
            else { continue }
            let certificate = try Certificate(parsing: Array(text.utf8))
            var isGood = false
            for block in try Armor.decode(Array(armor.utf8)) {
                var reader = PacketReader(block.bytes)
                while let packet = try reader.next() {
                    guard packet.tag == .signature, let signature = try? Signature(parsingBody: packet.body),
                        let time = signature.creation
                    else { continue }
                    for key in certificate.verificationKeys(at: time, evaluation: Self.now)
                    where signature.mayBeIssued(by: key.fingerprint) {
                        let digest = try TestDigest.digest(signature.hash, Array(data.utf8))
                        if try signature.verify(digest: digest, with: key) { isGood = true }
                    }
                }
            }
            #expect(isGood == (expected == "good"), "\(name)")
        }
    }
}
