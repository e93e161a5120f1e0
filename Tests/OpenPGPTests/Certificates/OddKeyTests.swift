import OpenPGP
import TestSupport
import Testing

/// Single keys of the corpora with a property of their own.
@Suite(.enabled(if: Corpora.isAvailable)) struct OddKeyTests {
    private static let now = Timestamp(1_790_000_000)

    private func certificates(_ name: String) throws -> [Certificate] {
        try Certificate.parseAll(try Corpora.bytes(name)).certificates
    }

    /// Two keys with one key ID: told apart by fingerprint everywhere.
    @Test(arguments: [
        (
            "openkeychain/test-keys/cooperpair/9E669861368BCA0BE42DAF7DDDA252EBB8EBE1AF.asc",
            "openkeychain/test-keys/cooperpair/A55120427374F3F7AA5F1166DDA252EBB8EBE1AF.asc"
        ),
        ("gnupg/samplekeys/dda252ebb8ebe1af-1.asc", "gnupg/samplekeys/dda252ebb8ebe1af-2.asc"),
    ]) func keyIDsThatCollideStayTwoKeys(_ first: String, _ second: String) throws {
        let both = try Corpora.bytes(first) + Array("\n".utf8) + Corpora.bytes(second)
        let found = try Certificate.parseAll(both).certificates
        #expect(found.count == 2)
        #expect(Set(found.map(\.fingerprint)).count == 2)
        #expect(Set(found.map(\.keyID)).count == 1)
        for certificate in found { #expect(!certificate.validUserIDs(at: Self.now, policy: .archive).isEmpty) }
        let (one, two) = (try #require(found.first), try #require(found.last))
        #expect(throws: OpenPGPError(.invalidArgument, "")) { try one.merged(with: two) }
        #expect(one.keys(matching: .fingerprint(two.fingerprint)).isEmpty)
    }

    @Test func keysWithoutFlagsDoWhatTheirAlgorithmCan() throws {
        for name in ["mailvelope_07_no_key_flags.asc", "stripped_flags.asc"] {
            let certificate = try #require(try certificates("openkeychain/test-keys/" + name).first)
            let time = try #require(
                certificate.userIDs.flatMap(\.signatures.signatures).compactMap(\.creation).max())
            let statuses = certificate.keyStatuses(at: time, policy: .archive)
            #expect(statuses.contains { $0.validity.isValid && $0.flags.contains(.encrypt) }, "\(name): \(statuses)")
        }
    }

    @Test func userIDsNeedNotBeUTF8() throws {
        let certificate = try #require(try certificates("openkeychain/test-keys/bad_user_id_encoding.asc").first)
        let userID = try #require(
            certificate.userIDs.first { String(validating: $0.userID.bytes, as: UTF8.self) == nil })
        #expect(userID.userID.emailAddress == nil)
        #expect(certificate.validUserIDs(at: Self.now, policy: .archive).contains(userID.userID))
    }

    @Test func signaturesOfUnknownVersionsAreKept() throws {
        let certificate = try #require(try certificates("openkeychain/test-keys/broken_cert_version.asc").first)
        #expect(certificate.userIDs.contains { !$0.signatures.opaque.isEmpty })
        try CertificateCorpusTests.checkRoundTrip(certificate, "broken_cert_version.asc")
    }

    @Test func timesThatOverflowDoNot() throws {
        let certificate = try #require(try certificates("rnp/test_key_edge_cases/key-create-expiry-32bit.asc").first)
        let status = try #require(certificate.keyStatuses(at: Self.now, policy: .archive).first)
        #expect((status.expiration?.seconds ?? .max) >= 0xFFFF_FFFF)
        let zero = try #require(try certificates("gnupg/samplekeys/no-creation-time.gpg").first)
        #expect(zero.primaryKey.creation == Timestamp(0))
    }
}
