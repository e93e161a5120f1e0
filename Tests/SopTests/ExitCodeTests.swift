import Foundation
import TestSupport
import Testing

/// Every number in the draft's table of failures that can occur without hardware.
@Suite struct ExitCodeTests {
    let sop: Sop
    let alice: (key: String, cert: String)
    let bob: (key: String, cert: String)
    let data = Array("Hello, Bob\n".utf8)

    init() throws {
        sop = try Sop()
        alice = try sop.identity("alice")
        bob = try sop.identity("bob")
    }

    private func status(
        _ arguments: String..., input: [UInt8]? = nil, environment: [String: String] = [:]
    ) throws -> Int32 {
        try Shell.run(Sop.program, arguments, input: input ?? data, environment: environment).status
    }

    private func message(_ arguments: String...) throws -> [UInt8] {
        try Shell.check(Sop.program, ["encrypt"] + arguments, input: data)
    }

    @Test func noSignature() throws {
        let signature = try sop.file("sig", try sop.check("sign", alice.key, input: data))
        #expect(try status("verify", signature, bob.cert) == 3)
        #expect(try status("verify", signature, alice.cert, input: data + [10]) == 3)
        let inline = try sop.check("inline-sign", alice.key, input: data)
        let refused = try sop.run("inline-verify", bob.cert, input: inline)
        #expect(refused.status == 3)
        #expect(refused.output.isEmpty)
    }

    @Test func unsupportedAlgorithm() throws {
        // A certificate whose encryption subkey has an algorithm that nobody has defined yet.
        let foreign = try ForeignCertificate.make(from: alice.key)
        #expect(try status("encrypt", sop.file("foreign", foreign)) == 13)
    }

    @Test func certificateCannotEncrypt() throws {
        let signer = try sop.identity("signer", ["--signing-only"])
        #expect(try status("encrypt", signer.cert) == 17)
        #expect(try status("encrypt", bob.cert, signer.cert) == 17)
        let revoked = try sop.check("merge-certs", try revocation(of: bob), input: try sop.read(bob.cert))
        #expect(try status("encrypt", sop.file("revoked", revoked)) == 17)
    }

    @Test func missingArgument() throws {
        #expect(try status() == 19)
        #expect(try status("encrypt") == 19)
        #expect(try status("decrypt") == 19)
        #expect(try status("sign") == 19)
        #expect(try status("verify") == 19)
        #expect(try status("verify", alice.cert) == 19)
        #expect(try status("inline-sign") == 19)
        #expect(try status("inline-verify") == 19)
        #expect(try status("inline-detach") == 19)
        #expect(try status("list-profiles") == 19)
        #expect(try status("sign", alice.key, "--as") == 19)
        #expect(try status("validate-userid", "x") == 19)
        #expect(try status("certify-userid", alice.key) == 19)
        #expect(try status("certify-userid", "--userid=x") == 19)
    }

    @Test func incompleteVerification() throws {
        let message = try message(bob.cert)
        let out = sop.fresh("out")
        #expect(try status("decrypt", "--verifications-out=\(out)", bob.key, input: message) == 23)
        #expect(try status("decrypt", "--verify-with", alice.cert, bob.key, input: message) == 23)
        #expect(try status("decrypt", "--verify-not-before=now", bob.key, input: message) == 23)
        #expect(try status("decrypt", "--verify-not-after=now", bob.key, input: message) == 23)
    }

    @Test func cannotDecrypt() throws {
        #expect(try status("decrypt", alice.key, input: try message(bob.cert)) == 29)
        let locked = try message("--with-password", sop.file("right", "right"))
        #expect(try status("decrypt", "--with-password", sop.file("wrong", "wrong"), input: locked) == 29)
        var changed = try sop.check("dearmor", input: try message(bob.cert))
        changed[changed.count - 1] ^= 1
        #expect(try status("decrypt", bob.key, input: changed) == 29)
    }

    @Test func passwordNotHumanReadable() throws {
        let binary = try sop.file("binary", [0xFF, 0xFE])
        #expect(try status("encrypt", "--with-password", binary) == 31)
        #expect(try status("generate-key", "--with-key-password=\(binary)") == 31)
        #expect(try status("change-key-password", "--new-key-password", binary, input: sop.read(alice.key)) == 31)
    }

    @Test func unsupportedOption() throws {
        for name in ["version", "sign", "encrypt", "decrypt", "armor", "dearmor", "extract-cert"] {
            #expect(try status(name, "--no-such-option") == 37)
        }
        #expect(try status("sign", "--no-armor=yes", alice.key) == 37)
        #expect(try status("sign", "--as=clearsigned", alice.key) == 37)
        #expect(try status("inline-sign", "--as=odd", alice.key) == 37)
        #expect(try status("encrypt", "--for=fun", bob.cert) == 37)
        #expect(try status("armor", "--label=odd") == 37)
    }

    @Test func badData() throws {
        let garbage = [UInt8](repeating: 0xFF, count: 100)
        #expect(try status("extract-cert", input: garbage) == 41)
        #expect(try status("extract-cert", input: []) == 41)
        #expect(try status("extract-cert", input: try sop.read(alice.cert)) == 41)
        #expect(try status("encrypt", alice.key) == 41)
        #expect(try status("sign", alice.cert) == 41)
        #expect(try status("verify", alice.cert, alice.cert) == 41)
        #expect(try status("decrypt", bob.key, input: garbage) == 41)
        #expect(try status("decrypt", bob.key, input: []) == 41)
        #expect(try status("decrypt", bob.key, input: try sop.check("inline-sign", alice.key, input: data)) == 41)
        #expect(try status("decrypt", "--with-session-key", sop.file("sk", "nine"), input: try message(bob.cert)) == 41)
        #expect(try status("inline-verify", alice.cert, input: try message(bob.cert)) == 41)
        #expect(try status("inline-detach", "--signatures-out=\(sop.fresh("s"))", input: data) == 41)
        #expect(try status("armor", input: data) == 41)
        #expect(try status("dearmor", input: data) == 41)
        #expect(try status("merge-certs", input: data) == 41)
    }

    @Test func expectedText() throws {
        let binary: [UInt8] = [65, 0xC3, 0x28]
        #expect(try status("sign", "--as=text", alice.key, input: binary) == 53)
        #expect(try status("inline-sign", "--as=text", alice.key, input: binary) == 53)
        #expect(try status("inline-sign", "--as=clearsigned", alice.key, input: binary) == 53)
        #expect(try status("encrypt", "--as=text", bob.cert, input: binary) == 53)
        #expect(try status("encrypt", "--as=text", bob.cert, input: [65, 0xC3]) == 53)
        #expect(try sop.shell("$SOP generate-key \"$(printf '\\377')\"").status == 53)
    }

    @Test func outputExists() throws {
        let there = try sop.file("there", "kept")
        let message = try message("--sign-with", alice.key, bob.cert)
        for option in ["--verifications-out", "--verify-out"] {
            #expect(
                try status("decrypt", "\(option)=\(there)", "--verify-with=\(alice.cert)", bob.key, input: message)
                    == 59)
        }
        #expect(try status("decrypt", "--session-key-out", there, bob.key, input: message) == 59)
        #expect(try status("encrypt", "--session-key-out", there, bob.cert) == 59)
        #expect(try status("sign", "--micalg-out", there, alice.key) == 59)
        let inline = try sop.check("inline-sign", alice.key, input: data)
        #expect(try status("inline-detach", "--signatures-out", there, input: inline) == 59)
        #expect(try status("inline-verify", "--verifications-out", there, alice.cert, input: inline) == 59)
        #expect(text(try sop.read(there)) == "kept")
    }

    @Test func nothingIsLeftOfAFailure() throws {
        let out = sop.fresh("out")
        let message = try message("--sign-with", alice.key, bob.cert)
        #expect(
            try status(
                "decrypt", "--verifications-out", out, "--verify-with", alice.cert, alice.key, input: message) == 29)
        #expect(try status("decrypt", "--session-key-out", out, alice.key, input: message) == 29)
        #expect(try status("encrypt", "--as=text", "--session-key-out", out, bob.cert, input: [0xFF]) == 53)
        #expect(try status("sign", "--as=text", "--micalg-out", out, alice.key, input: [0xFF]) == 53)
        let inline = try sop.check("inline-sign", alice.key, input: data)
        #expect(try status("inline-verify", "--verifications-out", out, bob.cert, input: inline) == 3)
        #expect(try status("inline-detach", "--signatures-out", out, input: data) == 41)
        #expect(!FileManager.default.fileExists(atPath: out))
        #expect(
            try status(
                "decrypt", "--verifications-out", out, "--verify-with", bob.cert, bob.key, input: message) == 0)
        #expect(try sop.read(out).isEmpty)
    }

    @Test func missingInput() throws {
        #expect(try status("encrypt", sop.fresh("nobody")) == 61)
        #expect(try status("sign", sop.fresh("nobody")) == 61)
        #expect(try status("encrypt", "--with-password=@ENV:NO_SUCH_VARIABLE") == 61)
        #expect(try status("encrypt", "@FD:77") == 61)
        #expect(try status("encrypt", "@FD:seven") == 61)
        #expect(try status("encrypt", sop.folder.path) == 61)
    }

    @Test func keyIsProtected() throws {
        let password = try sop.file("password", "open sesame")
        let wrong = try sop.file("wrong", "open barley")
        let carol = try sop.identity("carol", ["--with-key-password=\(password)"])
        #expect(try status("sign", carol.key) == 67)
        #expect(try status("sign", "--with-key-password", wrong, carol.key) == 67)
        #expect(try status("inline-sign", carol.key) == 67)
        #expect(try status("encrypt", "--sign-with", carol.key, bob.cert) == 67)
        #expect(try status("decrypt", carol.key, input: try message(carol.cert)) == 67)
        let key = try sop.read(carol.key)
        #expect(try status("change-key-password", "--old-key-password=\(wrong)", input: key) == 67)
        #expect(try status("revoke-key", input: key) == 67)
        #expect(try status("update-key", input: key) == 67)
        #expect(try status("certify-userid", "--userid=x", carol.key, input: try sop.read(bob.cert)) == 67)
        // A key that does not matter may stay locked.
        #expect(try status("decrypt", carol.key, bob.key, input: try message(bob.cert)) == 0)
        #expect(try status("decrypt", carol.key, input: try message(bob.cert)) == 29)
    }

    @Test func unsupportedSubcommand() throws {
        #expect(try status("frobnicate") == 69)
        #expect(try status("help", "frobnicate") == 69)
    }

    @Test func unsupportedSpecialPrefix() throws {
        #expect(try status("encrypt", "@HARDWARE:1") == 71)
        #expect(try status("encrypt", "--session-key-out=@ENV:X", bob.cert) == 71)
    }

    @Test func ambiguousInput() throws {
        _ = try sop.file("@ENV:X", try sop.read(bob.cert))
        #expect(try sop.shell("X=1 $SOP encrypt @ENV:X", input: data).status == 73)
        #expect(try sop.shell("$SOP encrypt ./@ENV:X", input: data).status == 0)
    }

    @Test func keyCannotSign() throws {
        let revoked = try sop.check(
            "update-key", "--merge-certs", try revocation(of: alice), "--no-added-capabilities",
            input: try sop.read(bob.key))
        #expect(try status("sign", sop.file("unrelated", revoked)) == 0)
        #expect(
            try status("sign", sop.file("revoked.key", try RevokedKey.make(alice.key, try revocation(of: alice)))) == 79
        )
    }

    @Test func incompatibleOptions() throws {
        #expect(try status("version", "--extended", "--backend") == 83)
        #expect(try status("inline-sign", "--as=clearsigned", "--no-armor", alice.key) == 83)
        #expect(try status("sign", "--as=text", "--as=binary", alice.key) == 83)
    }

    @Test func unsupportedProfile() throws {
        #expect(try status("generate-key", "--profile=quantum") == 89)
        #expect(try status("encrypt", "--profile", "quantum", bob.cert) == 89)
        #expect(try status("list-profiles", "sign") == 89)
        #expect(try status("list-profiles", "frobnicate") == 89)
    }

    @Test func primaryKeyBad() throws {
        let revoked = try RevokedKey.make(alice.key, try revocation(of: alice))
        #expect(try status("update-key", input: revoked) == 103)
    }

    @Test func userIDNoMatch() throws {
        let cert = try sop.read(bob.cert)
        #expect(try status("validate-userid", "bob <bob@example.org>", alice.cert, input: cert) == 107)
        #expect(try status("validate-userid", "bob <bob@example.org>", bob.cert, input: cert) == 0)
        #expect(try status("validate-userid", "rob", bob.cert, input: cert) == 107)
        #expect(try status("certify-userid", "--userid=rob", alice.key, input: cert) == 107)
        #expect(try status("certify-userid", "--userid=rob", "--no-require-self-sig", alice.key, input: cert) == 0)
    }

    @Test func keyCannotCertify() throws {
        let revoked = try sop.file("revoked.key", try RevokedKey.make(alice.key, try revocation(of: alice)))
        #expect(
            try status("certify-userid", "--userid=bob <bob@example.org>", revoked, input: try sop.read(bob.cert))
                == 109)
    }

    @Test func success() throws {
        #expect(try status("version") == 0)
        #expect(try status("help") == 0)
        #expect(try status("sign", "--help") == 0)
    }

    private func revocation(of identity: (key: String, cert: String)) throws -> String {
        let revocation = try sop.check("revoke-key", input: try sop.read(identity.key))
        return try sop.file("revocation.\(UUID().uuidString)", revocation)
    }
}
