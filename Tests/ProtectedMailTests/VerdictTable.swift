import ProtectedMail

/// What we say of mails that were made to fool a verifier, and where we are stricter than the source of a mail.
enum VerdictTable {
    /// A status and the reason code that goes with it; nil for mails of which nothing is to be said.
    struct Line: Equatable, CustomStringConvertible {
        let status: Verdict.Status
        let code: Reason.Code?

        init(_ status: Verdict.Status, _ code: Reason.Code? = nil) {
            self.status = status
            self.code = code
        }

        func fits(_ verdict: Verdict) -> Bool {
            verdict.status == status
                && (code.map { code in verdict.reasons.contains { $0.code == code } } ?? verdict.reasons.isEmpty)
        }

        var description: String { "\(status.rawValue) \(code?.rawValue ?? "-")" }
    }

    /// Every attack mail of the corpora.
    static let attacks: [String: Line] = [johnny, johnnySMIME, covertContent, others].reduce(into: [:]) { all, more in
        all.merge(more) { first, _ in first }
    }

    private static let others: [String: Line] = [
        // Blocks moved about in CBC, which nothing would tell.
        "efail/smime/modified_msg.eml": Line(.neutral, .unauthenticatedCipher),
        // Readers that find inner fields in a message they cannot decrypt.
        "notmuch/protected-headers/phony-protected-header-bad-encryption.eml": Line(.permerror, .malformed),
        // An attached key with the address of somebody else.
        "thunderbird-openpgp/eml/eve-duplicate.eml": Line(.none),
    ]

    /// "Johnny, you are fired!" (Müller et al., USENIX Security 2019).
    private static let johnny: [String: Line] = [
        "johnny-you-are-fired/03-mime/m1-prepending-text/m1-pgp-inline2.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/03-mime/m1-prepending-text/m1-pgp-mime.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/03-mime/m2-hiding-with-html/m2-pgp-inline2.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/03-mime/m4-hiding-as-attachment/m4-pgp-inline.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/03-mime/m4-hiding-as-attachment/m4-pgp-mime.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-is-nonexistent-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-is-only-a-name-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-is-sender-signer-b-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from-is-sender-sender-signer-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from-sender-others-signer-pgp-mime.eml":
            Line(.policy, .signerMismatch),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from1-sender-from2-signer-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from1-signer-from2-sender-pgp-mime.eml":
            Line(.policy, .fromAmbiguous),
    ]

    /// The same for S/MIME.
    private static let johnnySMIME: [String: Line] = [
        "johnny-you-are-fired/01-cms/c1_eContent-confusion/eContent_confusion.eml": Line(.fail, .twoContents),
        "johnny-you-are-fired/01-cms/c2_multiple-signerInfos/multiple_signerInfos_append_johnny.eml":
            Line(.fail, .contradictingSignature),
        "johnny-you-are-fired/01-cms/crashes/crash_01.eml": Line(.neutral, .malformed),
        "johnny-you-are-fired/03-mime/m1-prepending-text/m1-smime.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/03-mime/m2-hiding-with-html/m2-smime-mix.eml": Line(.policy, .partialCoverage),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-contains-signer-smime.eml":
            Line(.policy, .otherIdentity),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-is-sender-signer-b-smime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i2-display-name-confusion/i2-from-is-signer-sender-a-smime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from-is-sender-signer-sender-smime.eml":
            Line(.policy, .fromAmbiguous),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from-sender-others-signer-smime.eml":
            Line(.policy, .signerMismatch),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from-signer-others-sender-smime.eml":
            Line(.policy, .otherIdentity),
        "johnny-you-are-fired/04-id/i3-from-sender-confusion/i3-from1-signer-from2-sender-smime.eml":
            Line(.policy, .fromAmbiguous),
    ]

    /// "Re: What's up Johnny?" (Müller et al., ACNS 2019): captured ciphertext inside a harmless mail, and text for a
    /// signing oracle, which is ordinary HTML mail to us.
    private static let covertContent: [String: Line] = [
        "covert-content/01-enc/pgp_inline/02-reply-rel.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_inline/03-reply-inl-crlf.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_inline/03-reply-inl-dbl.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_mime/01-reply-mix-crlf.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_mime/01-reply-mix-css.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_mime/01-reply-mix-dbl.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/pgp_mime/02-reply-rel.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/smime/01-reply-mix-822.eml": Line(.none, .encryptedPart),
        "covert-content/01-enc/smime/01-reply-mix-crlf.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/smime/01-reply-mix-css.eml": Line(.none, .ciphertextInPlain),
        "covert-content/01-enc/smime/01-reply-mix-dbl.eml": Line(.none, .ciphertextInPlain),
        "covert-content/reevaluation-2020/01-enc/pgp-inline/01-reply-mix-css-modified.eml":
            Line(.none, .ciphertextInPlain),
        "covert-content/reevaluation-2020/01-enc/pgp-mime/01-reply-mix-css-modified.eml":
            Line(.none, .ciphertextInPlain),
        "covert-content/02-sig/01-css-style-external.eml": Line(.none),
        "covert-content/02-sig/01-css-style-inline.eml": Line(.none),
        "covert-content/02-sig/01-css-style-internal.eml": Line(.none),
    ]

    /// Good, or readable, for the source of the mail; and why we ask for more.
    static let stricter: [String: (code: Reason.Code, why: String)] = [
        "kde-mimetreeparser/openpgp-encrypted-attachment-and-non-encrypted-attachment.mbox": (
            .ciphertextInPlain, "only one part of the message is encrypted and signed"
        ),
        "kde-mimetreeparser/openpgp-signed-encrypted-two-attachments.mbox": (.weakAlgorithm, "signed with SHA-1"),
        "kde-mimetreeparser/signed-forward-openpgp-signed-encrypted.mbox": (.weakAlgorithm, "signed with SHA-1"),
        "kde-mimetreeparser/openpgp-inline-charset-encrypted.mbox": (
            .signerMismatch, "signed by test@kolab.org, sent by test@example.com"
        ),
        "kde-mimetreeparser/crlf-encrypted-with-signature.mbox": (.malformed, "the armor is not well-formed"),
        "kde-mimetreeparser/multipart-mixed-alternative-inline-pgp.mbox": (
            .ciphertextInPlain, "ciphertext in one of several parts is not opened"
        ),
        "thunderbird-openpgp/eml/bob-enc-inline-nbsp-qp.eml": (.malformed, "no repair of armor with foreign spaces"),
        "thunderbird-openpgp/eml/msg-with-enc-openpgp-attachment.eml": (
            .encryptedPart, "an encrypted attachment is not opened"
        ),
        "thunderbird-openpgp/eml/outer-pgp-sig-inner-pgp-enc.eml": (
            .badSignature, "the signature around the encrypted part does not hold"
        ),
        "thunderbird-openpgp/eml/outer-smime-bad-sig-inner-pgp-enc-sig.eml": (
            .badSignature, "the signature around everything does not hold"
        ),
        "kde-mimetreeparser/smime-encrypted.mbox": (.weakAlgorithm, "encrypted with 3DES, which only a policy opens"),
        "kde-mimetreeparser/smime-signed-encrypted.mbox": (
            .weakAlgorithm, "encrypted with 3DES, which only a policy opens"
        ),
        "thunderbird-smime/smime/alice.sig.SHA1.opaque.env.eml": (.weakAlgorithm, "opened, and signed with SHA-1"),
        "protected-headers/smime-sign+enc.eml": (.weakAlgorithm, "encrypted with 3DES, which only a policy opens"),
        "notmuch/protected-headers/smime-sign+enc.eml": (
            .weakAlgorithm, "encrypted with 3DES, which only a policy opens"
        ),
        "protected-headers/smime-enc+legacy-disp.eml": (
            .weakAlgorithm, "encrypted with 3DES, which only a policy opens"
        ),
        "notmuch/protected-headers/smime-enc+legacy-disp.eml": (
            .weakAlgorithm, "encrypted with 3DES, which only a policy opens"
        ),
        "thunderbird-smime/smime-manual/alice.dsig.SHA256.multipart.env.dsig.eml": (
            .contradictingSignature, "the signature around everything does not hold"
        ),
        "kde-mimetreeparser/smime-encrypted-ambiguous-mime.mbox": (
            .encryptedPart, "an encrypted attachment beside plain text is not opened"
        ),
        "thunderbird-openpgp/eml/partial-encrypt-for-alice-plaintext.eml": (
            .ciphertextInPlain, "ciphertext beside plain text is not opened"
        ),
    ]
}
