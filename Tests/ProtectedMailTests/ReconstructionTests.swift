import CMS
import Foundation
import OpenPGP
import ProtectedMail
import Testing

/// Attacks rebuilt with keys of our own, one file each in `Attacks`, beside the honest mails they imitate.
///
/// Alice is alice@example.org, whose secret key is here; Mallory is mallory@example.net. Two more people hold valid keys,
/// trusted like the others, whose user IDs are Alice's address in capitals and with a space behind it.
@Suite struct ReconstructionTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Attacks")
    /// The same for the mails of S/MIME: four minutes after 2026-11-25T00:50:49Z.
    private static let smimeTime = Timestamp(1_795_567_849 + 240)
    /// 2026-11-01T12:05:00Z, four minutes after the mails say that they were sent.
    private static let time = Timestamp(1_793_534_700)

    typealias Line = VerdictTable.Line

    static let table: [String: Line] = [
        // Honest.
        "honest-signed": Line(.pass),
        "honest-inline": Line(.pass),
        "honest-signed-and-encrypted": Line(.pass),
        "honest-signed-in-layers": Line(.pass),
        "honest-two-signatures": Line(.pass),
        // A signature by a valid key of someone else.
        "someone-elses-key": Line(.policy, .signerMismatch),
        "someone-elses-key-sender": Line(.policy, .signerMismatch),
        // Her name claims the address of another.
        "display-name-is-address": Line(.policy, .fromAmbiguous),
        // Addresses that only look alike.
        "address-case": Line(.policy, .signerMismatch),
        "address-space": Line(.policy, .signerMismatch),
        // Inner fields taken for outer ones.
        "inner-from-signed": Line(.policy, .innerFromMismatch),
        "inner-from-of-signer": Line(.policy, .signerMismatch),
        "inner-from-encrypted-only": Line(.none, .innerFromMismatch),
        // Encryption taken for authentication.
        "encrypted-only": Line(.none),
        "encrypted-only-claims-signed": Line(.none, .imitatedStatus),
        // Readers that differ on who is in From.
        "from-twice": Line(.policy, .fromAmbiguous),
        "from-two-addresses": Line(.policy, .fromAmbiguous),
        "from-group": Line(.policy, .fromAmbiguous),
        "from-nul": Line(.policy, .fromAmbiguous),
        "from-comment": Line(.policy, .fromAmbiguous),
        "from-encoded-word": Line(.policy, .fromAmbiguous),
        // A result that is not ours; that it is removed is tested where fields are written.
        "result-forged": Line(.fail, .badSignature),
        "signature-imitated": Line(.none, .imitatedStatus),
        "signature-subject": Line(.none, .imitatedStatus),
        // Old signature, new date.
        "signature-replayed": Line(.policy, .signatureTime),
        // Of two signatures one is broken.
        "two-signatures-one-broken": Line(.fail, .contradictingSignature),
        // Structure.
        "direct-exfiltration": Line(.none, .ciphertextInPlain),
        "protocol-confused": Line(.permerror, .contentTypeConfusion),
        "second-content-type": Line(.none, .contentTypeConfusion),
        "signed-part-forwarded": Line(.policy, .partialCoverage),
        "signed-part-in-related": Line(.policy, .partialCoverage),
        "signed-part-in-alternative": Line(.policy, .partialCoverage),
        "text-before-inline": Line(.policy, .partialCoverage),
    ]

    /// The same classes in S/MIME. One authority is trusted; it issued to Alice and Mallory, and to people whose
    /// certificates say "Alice@example.org", "alice@example.org " and "alice@example.org\\0.example.net".
    static let smimeTable: [String: Line] = [
        "honest-smime": Line(.pass),
        "honest-smime-ec": Line(.pass),
        "honest-smime-opaque": Line(.pass),
        "honest-smime-two-addresses": Line(.pass),
        "honest-smime-encrypted": Line(.pass),
        "honest-smime-triple": Line(.pass),
        // A signature by a valid key of someone else.
        "smime-someone-elses-certificate": Line(.policy, .signerMismatch),
        "smime-other-identity": Line(.policy, .otherIdentity),
        // White space, case and more in addresses of certificates.
        "smime-address-space": Line(.policy, .signerMismatch),
        "smime-address-case": Line(.policy, .signerMismatch),
        "smime-address-nul": Line(.policy, .signerMismatch),
        "smime-address-in-subject": Line(.policy, .signerMismatch),
        // Certificates that are not good for it.
        "smime-self-signed": Line(.policy, .untrustedKey),
        "smime-server-certificate": Line(.fail, .notSigningKey),
        "smime-expired": Line(.policy, .keyExpired),
        "smime-revoked": Line(.fail, .keyRevoked),
        // Oddities of CMS.
        "smime-changed": Line(.fail, .badSignature),
        "smime-two-contents": Line(.fail, .twoContents),
        "smime-no-content": Line(.permerror, .noContent),
        "smime-certificates-only": Line(.none, .certificatesOnly),
        "smime-no-signers": Line(.permerror, .noSigners),
        "smime-type-confused": Line(.policy, .contentTypeConfusion),
        "smime-trailing-data": Line(.policy, .contentTypeConfusion),
        // Encryption taken for authentication.
        "smime-encrypted-only": Line(.none),
        "smime-encrypted-only-cbc": Line(.none, .unauthenticatedCipher),
        "smime-direct-exfiltration": Line(.none, .ciphertextInPlain),
        // Inner fields, and parts.
        "smime-inner-from": Line(.policy, .innerFromMismatch),
        "smime-opaque-in-mixed": Line(.policy, .partialCoverage),
    ]

    private static func file(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    @Test func everyFileIsInTheTable() throws {
        let mails = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".eml")
        }
        #expect(Set(mails) == Set((Array(Self.table.keys) + Array(Self.smimeTable.keys)).map { $0 + ".eml" }))
    }

    @Test(arguments: table.keys.sorted()) func verdict(name: String) throws {
        let keys = try ["alice.asc", "mallory.asc", "upper-case.asc", "trailing-space.asc"].map { try Self.file($0) }
        let source = try MemorySource(keys)
        let mail = try Self.file(name + ".eml")
        let verdict = inspect(message: mail, source: source, time: Self.time)
        let line = try #require(Self.table[name])
        #expect(line.fits(verdict), "\(name): \(line), is \(verdict.status) \(verdict.reasons)")
        if name.hasPrefix("honest-") {
            #expect(verdict.signatures.contains { $0.signer?.canonical == "alice@example.org" })
        }
    }

    private func smimeSource() throws -> MemorySource {
        var source = MemorySource()
        try source.trust([Self.file("smime-ca.pem")], lists: RevocationList.parseAll(Self.file("smime-ca.crl")))
        try source.add(privateKey: Self.file("smime-alice.pem"), certificates: Self.file("smime-alice.pem"))
        return source
    }

    @Test(arguments: smimeTable.keys.sorted()) func smimeVerdict(name: String) throws {
        let mail = try Self.file(name + ".eml")
        let source = try smimeSource()
        let verdict = inspect(message: mail, source: source, time: Self.smimeTime)
        let line = try #require(Self.smimeTable[name])
        #expect(line.fits(verdict), "\(name): \(line), is \(verdict.status) \(verdict.reasons)")
        #expect(verdict.protocol == .smime)
        if name.hasPrefix("honest-") {
            let signature = try #require(verdict.signatures.first)
            #expect(signature.signer?.canonical == "alice@example.org" && signature.trust == .chain)
            #expect(signature.certificate?.issuer.text == "CN=Example CA" && signature.signaturePart != nil)
        }
        // Without a trust store nothing passes, and nothing becomes worse than policy by it.
        let stranger = inspect(message: mail, source: MemorySource(), time: Self.smimeTime)
        #expect(stranger.status != .pass)
        if name == "honest-smime" { #expect(Line(.policy, .untrustedKey).fits(stranger)) }
        // Without keys what is encrypted stays so.
        var keyless = source
        keyless.smimeSecrets = []
        if name == "honest-smime-encrypted" {
            #expect(Line(.neutral, .encryptedNoKey).fits(inspect(message: mail, source: keyless, time: Self.smimeTime)))
        }
    }

    @Test func whereSMIMESignaturesStand() throws {
        let source = try smimeSource()
        let places = [
            "honest-smime": "2", "honest-smime-opaque": "1", "honest-smime-encrypted": "1/2",
            "honest-smime-triple": "2",
            "smime-opaque-in-mixed": "2",
        ]
        for (name, part) in places {
            let verdict = try inspect(message: Self.file(name + ".eml"), source: source, time: Self.smimeTime)
            #expect(verdict.signatures.first?.signaturePart == part, "\(name)")
        }
    }

    @Test func requiredRevocationLists() throws {
        var source = try smimeSource()
        try source.trust([Self.file("smime-ca.pem")], policy: ChainPolicy(revocation: .hard))
        let verdict = try inspect(message: Self.file("honest-smime.eml"), source: source, time: Self.smimeTime)
        #expect(Line(.policy, .revocationUnknown).fits(verdict), "\(verdict.reasons)")
    }

    @Test func brokenTrustStore() throws {
        var source = try smimeSource()
        source.isBroken = true
        let verdict = try inspect(message: Self.file("honest-smime.eml"), source: source, time: Self.smimeTime)
        #expect(Line(.temperror, .keySourceFailed).fits(verdict))
    }

    @Test func timeRules() throws {
        let source = try MemorySource([Self.file("alice.asc")])
        let mail = String(decoding: try Self.file("honest-signed.eml"), as: UTF8.self)
        func judged(_ change: (String) -> String, at time: Timestamp = Self.time) -> VerdictTable.Line {
            let verdict = inspect(message: Array(change(mail).utf8), source: source, time: time)
            return Line(verdict.status, verdict.reasons.first?.code)
        }
        let date = "Date: Sun, 01 Nov 2026 12:01:00 +0000"
        func dated(_ value: String) -> VerdictTable.Line { judged { $0.replacingOccurrences(of: date, with: value) } }
        #expect(judged { $0 } == Line(.pass))
        #expect(dated("Date: Mon, 02 Nov 2026 12:00:00 +0000") == Line(.pass))
        #expect(dated("Date: Mon, 02 Nov 2026 14:00:00 +0200") == Line(.pass))
        #expect(dated("Date: Mon, 02 Nov 2026 12:00:01 GMT") == Line(.policy, .signatureTime))
        #expect(dated("Date: yesterday") == Line(.policy, .signatureTime))
        #expect(dated("\(date)\r\n\(date)") == Line(.policy, .signatureTime))
        #expect(dated("X: no date") == Line(.pass))
        #expect(judged({ $0 }, at: Timestamp(1_793_534_400 - 301)) == Line(.policy, .signatureTime))
        #expect(judged({ $0 }, at: Timestamp(1_793_534_400 - 300)) == Line(.pass))
        #expect(judged({ $0 }, at: Timestamp(1_893_534_400)) == Line(.pass))
    }
}
