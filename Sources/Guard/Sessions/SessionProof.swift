public import Libcrypto

/// What somebody who wants a session shows.
public enum SessionProof: Sendable {
    /// Somebody who may have a session of any mailbox: a trusted socket peer, a webmail with its own credentials.
    case trusted(name: String)
    /// A process of this machine, under the user that the kernel names; with a password where its user has no mailbox of
    /// that name.
    case local(user: UInt32, password: SecretBytes?)
    /// The password of the mailbox.
    case password(SecretBytes?)
}

/// A session that was just opened.
public struct OpenedSession: Sendable {
    /// Its identifier, 43 characters; only the client keeps it.
    public var identifier: SecretBytes
    public var caller: Caller
    /// Unix seconds after which it is over unless it is used.
    public var ends: Int64
}
