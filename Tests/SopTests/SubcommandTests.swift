import Foundation
import OpenPGP
import TestSupport
import Testing

@Suite struct SubcommandTests {
    let sop: Sop
    let alice: (key: String, cert: String)
    let bob: (key: String, cert: String)
    let data = Array("- Grüße an Bob  \nzweite Zeile\t\n".utf8)

    init() throws {
        sop = try Sop()
        alice = try sop.identity("alice")
        bob = try sop.identity("bob")
    }

    @Test func version() throws {
        #expect(text(try sop.check("version")).wholeMatch(of: /guard-sop \d+\.\d+\.\d+\n/) != nil)
        #expect(text(try sop.check("version", "--extended")).hasPrefix(text(try sop.check("version"))))
        #expect(text(try sop.check("version", "--backend")).hasPrefix("OpenSSL 3"))
        #expect(text(try sop.check("version", "--sop-spec")).hasPrefix("draft-dkg-openpgp-stateless-cli-1"))
        #expect(text(try sop.check("version", "--sopv")) == "1.0\n")
    }

    @Test func listedProfilesWork() throws {
        for subcommand in ["generate-key", "encrypt"] {
            let lines = text(try sop.check("list-profiles", subcommand)).split(separator: "\n")
            #expect((1...4).contains(lines.count))
            for line in lines {
                let name = String(line.prefix { $0 != ":" })
                if subcommand == "encrypt" {
                    let message = try sop.check("encrypt", "--profile", name, bob.cert, input: data)
                    #expect(try sop.check("decrypt", bob.key, input: message) == data)
                }
            }
        }
    }

    @Test(arguments: KeyProfile.allCases)
    func everyProfileOfKeys(_ profile: KeyProfile) throws {
        let key = try sop.file("key", try sop.check("generate-key", "--profile=\(profile.rawValue)", "x <x@y.org>"))
        let cert = try sop.file("cert", try sop.check("extract-cert", input: try sop.read(key)))
        let message = try sop.check("encrypt", "--sign-with=\(key)", cert, input: data)
        let report = sop.fresh("report")
        let plain = try sop.check(
            "decrypt", "--verifications-out=\(report)", "--verify-with=\(cert)", key, input: message)
        #expect(plain == data)
        #expect(text(try sop.read(report)).contains(" mode:binary "))
    }

    @Test func keysWithoutUserIDs() throws {
        let key = try sop.file("none.key", try sop.check("generate-key"))
        let cert = try sop.file("none.cert", try sop.check("extract-cert", "--no-armor", input: try sop.read(key)))
        #expect(try sop.read(cert).first == 0xC6)
        #expect(try Certificate(parsing: try sop.read(cert)).userIDs.isEmpty)
        let message = try sop.check("encrypt", cert, input: data)
        #expect(try sop.check("decrypt", key, input: message) == data)
    }

    @Test func detachedSignatures() throws {
        for form in ["binary", "text"] {
            let hash = sop.fresh("micalg.\(form)")
            let signature = try sop.file(
                "sig.\(form)",
                try sop.check("sign", "--as", form, "--micalg-out", hash, alice.key, bob.key, input: data))
            #expect(text(try sop.read(hash)).hasPrefix("pgp-sha"))
            let report = text(try sop.check("verify", signature, alice.cert, bob.cert, input: data))
            let lines = report.split(separator: "\n")
            #expect(lines.count == 2)
            let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [0-9A-F]{40} [0-9A-F]{40} mode:(\w+) \{"signers":\[".*"\]\}/
            for line in lines { #expect(try pattern.wholeMatch(in: line)?.output.1 == Substring(form)) }
        }
        let binary = try sop.file("sig.bin", try sop.check("sign", "--no-armor", alice.key, input: data))
        #expect(try sop.read(binary).first == 0xC2)
        try sop.check("verify", binary, alice.cert, input: data)
    }

    @Test func dates() throws {
        let signature = try sop.file("sig", try sop.check("sign", alice.key, input: data))
        for good in [
            "--not-before=-", "--not-before=2001-02-03T04:05:06Z", "--not-after=2100-01-01T00:00:00+02:00",
            "--not-after=now", "--not-after=-", "--not-before=20010203T040506Z", "--not-before=2001-02-03",
        ] {
            #expect(try sop.run("verify", good, signature, alice.cert, input: data).status == 0, "\(good)")
        }
        for late in ["--not-after=2001-02-03T04:05:06Z", "--not-before=2100-01-01T00:00:00Z"] {
            #expect(try sop.run("verify", late, signature, alice.cert, input: data).status == 3, "\(late)")
        }
        #expect(try sop.run("verify", "--not-after=soon", signature, alice.cert, input: data).status == 37)
    }

    @Test func inlineSignatures() throws {
        for form in ["binary", "text", "clearsigned"] {
            let message = try sop.check("inline-sign", "--as=\(form)", alice.key, input: data)
            let report = sop.fresh("report.\(form)")
            let content = try sop.check("inline-verify", "--verifications-out", report, alice.cert, input: message)
            let expected = form == "clearsigned" ? Array("- Grüße an Bob\nzweite Zeile".utf8) : data
            #expect(content == expected)
            #expect(text(try sop.read(report)).contains("mode:\(form == "binary" ? "binary" : "text")"))
            let signatures = sop.fresh("detached.\(form)")
            let detached = try sop.check("inline-detach", "--signatures-out=\(signatures)", input: message)
            #expect(detached == expected)
            try sop.check("verify", signatures, alice.cert, input: detached)
        }
        let binary = try sop.check("inline-sign", "--no-armor", alice.key, input: data)
        #expect(binary.first.map { $0 & 0x80 } == 0x80)
        let signatures = sop.fresh("binary")
        try sop.check("inline-detach", "--no-armor", "--signatures-out=\(signatures)", input: binary)
        #expect(try sop.read(signatures).first == 0xC2)
    }

    @Test func encryption() throws {
        let password = try sop.file("password", "Passwort \n")
        let message = try sop.check(
            "encrypt", "--with-password=\(password)", "--sign-with=\(alice.key)", bob.cert, alice.cert, input: data)
        for key in [alice.key, bob.key] { #expect(try sop.check("decrypt", key, input: message) == data) }
        // Blanks at the end do not belong to the password; who reads may have them or not.
        for spelled in ["Passwort", "Passwort \n", "Passwort\r\n"] {
            let file = try sop.file("spelled", spelled)
            #expect(try sop.check("decrypt", "--with-password", file, input: message) == data)
        }

        let binary = try sop.check("encrypt", "--no-armor", "--as=text", "--for=storage", bob.cert, input: data)
        #expect(binary.first.map { $0 & 0x80 } == 0x80)
        #expect(try sop.check("decrypt", bob.key, input: binary) == data)
    }

    @Test func reportsAreThereEvenWhenEmpty() throws {
        let message = try sop.check("encrypt", bob.cert, input: data)
        let report = sop.fresh("report")
        let plain = try sop.check(
            "decrypt", "--verify-out=\(report)", "--verify-with", alice.cert, bob.key, input: message)
        #expect(plain == data)
        #expect(try sop.read(report).isEmpty)
    }

    @Test func sessionKeys() throws {
        for profile in ["rfc4880", "rfc9580"] {
            let written = sop.fresh("written.\(profile)")
            let password = try sop.file("password", "x")
            let message = try sop.check(
                "encrypt", "--profile", profile, "--session-key-out", written, "--with-password", password, input: data)
            let found = sop.fresh("found.\(profile)")
            try sop.check("decrypt", "--session-key-out=\(found)", "--with-password", password, input: message)
            #expect(try sop.read(written) == sop.read(found))
            #expect(text(try sop.read(found)).wholeMatch(of: /9:[0-9A-F]{64}/) != nil)
            #expect(try sop.check("decrypt", "--with-session-key", found, input: message) == data)
            let other = try sop.file("other.\(profile)", "9:" + String(repeating: "00", count: 32) + "\n")
            #expect(try sop.run("decrypt", "--with-session-key", other, input: message).status == 29)
        }
    }

    @Test func lockedKeys() throws {
        let old = try sop.file("old", "old")
        let new = try sop.file("new", "new\n")
        let carol = try sop.identity("carol", ["--with-key-password", old])
        let message = try sop.check(
            "encrypt", "--sign-with=\(carol.key)", "--with-key-password=\(old)", carol.cert, input: data)
        #expect(
            try sop.check("decrypt", "--with-key-password", new, "--with-key-password", old, carol.key, input: message)
                == data)
        let changed = try sop.file(
            "changed",
            try sop.check(
                "change-key-password", "--old-key-password", old, "--new-key-password", new,
                input: try sop.read(carol.key)))
        try sop.check("sign", "--with-key-password", new, changed, input: data)
        #expect(try sop.run("sign", "--with-key-password", old, changed, input: data).status == 67)
        let open = try sop.file(
            "open",
            try sop.check("change-key-password", "--no-armor", "--old-key-password", new, input: try sop.read(changed)))
        try sop.check("sign", open, input: data)
    }

    @Test func revocation() throws {
        let revocation = try sop.check("revoke-key", input: try sop.read(alice.key))
        let alone = try Certificate(parsing: revocation)
        #expect(alone.userIDs.isEmpty && alone.subkeys.isEmpty)
        let revoked = try sop.file(
            "revoked",
            try sop.check(
                "merge-certs", try sop.file("revocation", revocation), bob.cert, input: try sop.read(alice.cert)))
        #expect(try Certificate.parseAll(try sop.read(revoked)).certificates.count == 1)
        let signature = try sop.file("sig", try sop.check("sign", alice.key, input: data))
        #expect(try sop.run("verify", signature, revoked, input: data).status == 3)
        // Whoever has both copies knows of the revocation.
        #expect(try sop.run("verify", signature, alice.cert, revoked, input: data).status == 3)
    }

    @Test func updating() throws {
        let updated = try sop.check("update-key", input: try sop.read(alice.key))
        #expect(
            try SecretCertificate(parsing: updated).fingerprint
                == Certificate(parsing: try sop.read(alice.cert)).fingerprint)
        let signer = try sop.identity("signer", ["--signing-only"])
        let grown = try sop.check("update-key", input: try sop.read(signer.key))
        #expect(try SecretCertificate(parsing: grown).certificate.subkeys.count == 1)
        for option in ["--signing-only", "--no-added-capabilities"] {
            let same = try sop.check("update-key", option, input: try sop.read(signer.key))
            #expect(try SecretCertificate(parsing: same).certificate.subkeys.isEmpty)
        }
        let password = try sop.file("password", "locked")
        let locked = try sop.identity("locked", ["--with-key-password", password, "--signing-only"])
        let still = try sop.check("update-key", "--with-key-password", password, input: try sop.read(locked.key))
        let key = try SecretCertificate(parsing: still)
        #expect(key.isLocked && key.certificate.subkeys.count == 1)
    }

    @Test func certification() throws {
        let userID = "bob <bob@example.org>"
        let certified = try sop.check("certify-userid", "--userid", userID, alice.key, input: try sop.read(bob.cert))
        try sop.check("validate-userid", userID, alice.cert, input: certified)
        try sop.check("validate-userid", "--addr-spec-only", "bob@example.org", alice.cert, input: certified)
        #expect(try sop.run("validate-userid", "bob@example.org", alice.cert, input: certified).status == 107)
        #expect(try sop.run("validate-userid", userID, alice.cert, input: try sop.read(bob.cert)).status == 107)
        #expect(
            try sop.run("validate-userid", "--validate-at=2001-01-01T00:00:00Z", userID, alice.cert, input: certified)
                .status == 107)
    }

    @Test func armor() throws {
        let signature = try sop.check("sign", "--no-armor", alice.key, input: data)
        let inline = try sop.check("inline-sign", "--no-armor", alice.key, input: data)
        let cases: [(String, [UInt8])] = [
            ("PUBLIC KEY BLOCK", try sop.check("extract-cert", "--no-armor", input: try sop.read(alice.key))),
            ("PRIVATE KEY BLOCK", try sop.check("generate-key", "--no-armor", "x")), ("SIGNATURE", signature),
            ("MESSAGE", inline), ("MESSAGE", try sop.check("encrypt", "--no-armor", bob.cert, input: data)),
        ]
        for (label, packets) in cases {
            let armored = try sop.check("armor", input: packets)
            #expect(text(armored).hasPrefix("-----BEGIN PGP \(label)-----\n"))
            #expect(try sop.check("armor", input: armored) == armored)
            #expect(try sop.check("dearmor", input: armored) == packets)
            #expect(try sop.check("dearmor", input: packets) == packets)
        }
        #expect(text(try sop.check("armor", "--label=message", input: signature)).hasPrefix("-----BEGIN PGP MESSAGE"))
    }
}
