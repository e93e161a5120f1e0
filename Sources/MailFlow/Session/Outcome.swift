public import Libcrypto
public import ProtectedMail

/// The result of a whole message: apply the edits in order, replace the body if there is one, then give the reply.
/// Where the reply is a refusal there is nothing to apply.
public struct Outcome {
    public var edits: [HeaderEdit]
    /// The new body; nil leaves the body as it is.
    public var body: Spool?
    /// `accept`, `reject` or `tempfail`.
    public var reply: Reply

    public init(edits: [HeaderEdit], body: Spool?, reply: Reply) {
        self.edits = edits
        self.body = body
        self.reply = reply
    }
}
