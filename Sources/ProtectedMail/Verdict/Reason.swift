/// Why a verdict is what it is: a stable code for programs and a sentence for people.
public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// The stable codes, as they appear in header fields, logs and `--json` output.
    public enum Code: String, Sendable, CaseIterable {
        /// The signature is right, but nothing trustworthy ties the key to the address.
        case untrustedKey = "untrusted-key"
        /// The signature is right, but the signer is not the address in From.
        case signerMismatch = "signer-mismatch"
        /// Sender or Reply-To name somebody else who can be taken for the author, and no signature covers them.
        case otherIdentity = "other-identity"
        /// The signer's key is not known.
        case unknownKey = "unknown-key"
        /// The content does not match the signature.
        case badSignature = "bad-signature"
        /// The signature covers a part of what the reader will see, not all of it.
        case partialCoverage = "partial-coverage"
        /// The line ends of the content are not those that came: a mail server on the way repaired them.
        case repairedLineEnds = "repaired-line-ends"
        /// Another signature over the same content does not hold.
        case contradictingSignature = "contradicting-signature"
        /// The signature was made long before the message, or in the future.
        case signatureTime = "signature-time"
        /// The fields that describe the content contradict each other or what it is.
        case contentTypeConfusion = "content-type-confusion"
        /// A CMS structure brings content along although other content is signed (RFC 5652, section 5.2).
        case twoContents = "two-contents"
        /// A CMS structure has signatures and there is no content for them.
        case noContent = "no-content"
        /// A CMS structure that should hold signatures has none.
        case noSigners = "no-signers"
        /// There are certificates and no signature (RFC 8551, section 3.8).
        case certificatesOnly = "certificates-only"
        /// The signed attributes are missing, doubled, or contradict the signature (RFC 5652, sections 5.3 and 11).
        case badAttributes = "bad-attributes"
        /// No revocation list that could be used covers the signer's certificate, and one is asked for.
        case revocationUnknown = "revocation-unknown"
        /// The encryption cannot tell whether it was modified: what was inside is never authentic by itself.
        case unauthenticatedCipher = "unauthenticated-cipher"
        /// The message is larger than what may be inspected.
        case tooLarge = "too-large"
        /// The structure or the signature cannot be understood.
        case malformed
        /// The key was expired when it signed, or is now.
        case keyExpired = "key-expired"
        /// The key is revoked.
        case keyRevoked = "key-revoked"
        /// The key did not exist yet when it is said to have signed.
        case keyNotYetValid = "key-not-yet-valid"
        /// The key may not sign.
        case notSigningKey = "not-signing-key"
        /// The signature relies on an algorithm that can no longer be relied on.
        case weakAlgorithm = "weak-algorithm"
        /// The signature uses something this program does not know.
        case unsupported
        /// The signature's own validity period is over.
        case signatureExpired = "signature-expired"
        /// There is no From field, or more than one address could be meant by it.
        case fromAmbiguous = "from-ambiguous"
        /// The signed inner From field names somebody else than the outer one (RFC 9788, section 4.4).
        case innerFromMismatch = "inner-from-mismatch"
        /// The encryption has no protection against modification (RFC 9580, section 13.7).
        case noMDC = "no-mdc"
        /// The encrypted data was modified on its way.
        case modified
        /// The message is encrypted, to nobody whose key is here.
        case encryptedNoKey = "encrypted-no-key"
        /// A part inside the message is encrypted; it was not opened.
        case encryptedPart = "encrypted-part"
        /// An encrypted part stands among plain ones that could carry its text away, once opened.
        case ciphertextInPlain = "ciphertext-in-plain"
        /// Text that no signature covers imitates the words of a verified signature.
        case imitatedStatus = "imitated-status"
        /// The encrypted message could not be decrypted.
        case decryptionFailed = "decryption-failed"
        /// The keys could not be looked up.
        case keySourceFailed = "key-source-failed"
        /// Something of this machine failed: disk, memory, the crypto library.
        case internalFailure = "internal-failure"
    }

    /// The stable code.
    public let code: Code
    /// One sentence; never content of the message.
    public let text: String

    /// A reason.
    public init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    public var description: String { "\(code.rawValue): \(text)" }
}
