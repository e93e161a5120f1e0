public import Libcrypto

/// The outcome of protecting a message: how its header changes, and its new body.
public struct ProtectedMessage {
    /// The changes of the header, in the order they are to be made.
    public var headerEdits: [HeaderEdit]
    /// The new body with CRLF line ends. Read it with `forEachChunk`; it is never whole in memory.
    public var body: Spool

    /// An outcome. Only the protector makes one, so that nothing else can be taken for protected.
    init(headerEdits: [HeaderEdit], body: Spool) {
        self.headerEdits = headerEdits
        self.body = body
    }
}
