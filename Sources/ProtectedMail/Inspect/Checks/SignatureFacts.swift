import MIME

/// What is known of one signature, whatever its protocol, before the rules of mail are applied to it.
struct SignatureFacts {
    /// Somebody whom the signer's key names.
    struct Identity {
        /// Nil where the text is no address, or not exactly one.
        let address: EmailAddress?
        /// As the key has it: a user ID, or an address.
        let text: String
    }

    /// Who, when, how and over what; its status and reasons are for the checks to say.
    var verdict: SignatureVerdict
    /// What the cryptography has against the signature; nothing if it holds and its key was valid then and is now.
    var refusals: [Diagnostic] = []
    /// All that the key names and that is valid now, the main one first.
    var identities: [Identity] = []
    /// Why the signature covers less than what a reader may see.
    var coverageDoubts: [Reason] = []
    /// The header inside the protection; nil where it is not that of the whole message.
    var innerHeader: HeaderBlock?
}
