import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

@Suite struct VerdictFieldTests {
    private func signature(_ userID: String, signer: String?) -> SignatureVerdict {
        SignatureVerdict(
            status: .policy, keyID: KeyID(0xABCD), userID: userID, signer: signer.flatMap { EmailAddress($0) },
            trust: .source(.autocrypt), coveredPart: .part("2.1"),
            reasons: [Reason(.untrustedKey, "a"), Reason(.partialCoverage, "b"), Reason(.partialCoverage, "c")])
    }

    @Test func unsignedMail() {
        #expect(VerdictField.value(.none) == " none; protocol=none; encrypted=no; reason=none")
    }

    @Test func oneLineForEachSignature() {
        var verdict = Verdict(
            status: .policy, protocol: .openpgp,
            signatures: [signature("Alice <alice@example.org>", signer: "alice@example.org")],
            reasons: [Reason(.untrustedKey, "a"), Reason(.partialCoverage, "b")], encrypted: true)
        let head = " policy; protocol=openpgp; encrypted=yes; reason=untrusted-key,partial-coverage"
        let line =
            ";\n\tsignature=policy; protocol=openpgp; signer=alice@example.org; trust=autocrypt;\n"
            + "\tcoverage=2.1; key=000000000000ABCD; reason=untrusted-key,partial-coverage"
        #expect(VerdictField.value(verdict) == head + line)
        verdict.signatures.append(
            SignatureVerdict(status: .neutral, protocol: .smime, reasons: [Reason(.unknownKey, "x; pass")]))
        let other =
            ";\n\tsignature=neutral; protocol=smime; signer=unknown; trust=none;\n"
            + "\tcoverage=message; key=unknown; reason=unknown-key"
        #expect(VerdictField.value(verdict) == head + line + other)
        verdict.signatures = Array(repeating: verdict.signatures[0], count: 50)
        #expect(VerdictField.value(verdict).count(of: "signature=") == VerdictField.maxSignatures)
    }

    /// No name of a signer can read as another word of the grammar.
    @Test(arguments: [
        "\"a; signature=pass\"@example.org", "\"a b\"@example.org", "\"a@b\"@example.org", "jörg@example.org",
    ])
    func addressesThatAreNotPlainStayOut(address: String) {
        let verdict = Verdict(status: .policy, protocol: .openpgp, signatures: [signature("x; pass", signer: address)])
        let value = VerdictField.value(verdict)
        #expect(value.contains("signer=unknown;") && !value.contains("pass"), "\(value)")
    }

    /// Every verdict is written down, whatever it is: a mail without a field says that nobody looked.
    @Test(arguments: Verdict.Status.allCases) func everyStatusIsCommunicated(status: Verdict.Status) {
        let verdict = Verdict(status: status, protocol: .openpgp)
        #expect(VerdictField.value(verdict).hasPrefix(" \(status.rawValue);"))
        #expect(ResultField.value(authservID: "g", verdict: verdict).contains("pgp=\(status.rawValue)"))
        let smime = Verdict(status: status, protocol: .smime)
        #expect(ResultField.value(authservID: "g", verdict: smime).contains("smime=\(status.rawValue)"))
    }

    @Test func bothMethodsInOneField() {
        #expect(ResultField.value(authservID: "g", verdict: .none) == " g;\n\tpgp=none;\n\tsmime=none")
        let openPGP = SignatureVerdict(status: .pass, keyID: KeyID(1))
        var smime = SignatureVerdict(
            status: .policy, protocol: .smime, signer: EmailAddress("alice@example.org"), coveredPart: .part("1"),
            reasons: [Reason(.untrustedKey, "x")])
        smime.signaturePart = "1/2"
        var verdict = Verdict(status: .pass, protocol: .openpgp, signatures: [openPGP, smime])
        #expect(
            ResultField.value(authservID: "g", verdict: verdict)
                == " g;\n\tpgp=pass;\n\tsmime=policy\n\treason=\"untrusted-key: x\"\n\tbody.smime-part=\"1/2\"\n"
                + "\tbody.smime-identifier=alice@example.org")
        // Nothing passes that the whole message does not.
        verdict.status = .fail
        verdict.reasons = [Reason(.contradictingSignature, "y")]
        #expect(!ResultField.value(authservID: "g", verdict: verdict).contains("=pass"))
    }

    @Test func quotedLocalPartsAndParts() {
        var smime = SignatureVerdict(status: .pass, protocol: .smime, signer: EmailAddress("\"a b\"@example.org"))
        smime.signaturePart = "2"
        let verdict = Verdict(status: .pass, protocol: .smime, signatures: [smime])
        #expect(
            ResultField.value(authservID: "g", verdict: verdict)
                == " g;\n\tsmime=pass\n\tbody.smime-part=2\n\tbody.smime-identifier=\"\\\"a b\\\"@example.org\"")
    }

    @Test func namesThatOnlyWeWrite() {
        for name in ["Guardd-Verdict", "guardd-verdict", "GUARDD-Verdict ", "Guardd-Marker", " Guardd-Verdict"] {
            #expect(HeaderCleaner.isOurs(HeaderField(name: Array(name.utf8), value: [])), "\(name)")
        }
        for name in ["X-Guardd-Verdict", "Guarddog", "Guardd", ""] {
            #expect(!HeaderCleaner.isOurs(HeaderField(name: Array(name.utf8), value: [])), "\(name)")
        }
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
