public import Guard

/// A request on its way to a use case: routed, its caller known, its parameters read.
public struct Call: Sendable {
    public let `guard`: Guard
    public let parameters: Parameters
    /// The type of cryptography that query or body name; OpenPGP where neither does.
    public let type: CryptoType
    /// The language of texts for people: `en_US`, `de_DE`.
    public let language: String
    public let peer: Peer
    /// A peer that may act for any mailbox: its user ID is one of `trusted_uids`.
    public let isTrusted: Bool
    /// The host that the client meant, in lower case, without port; from the Host field.
    public let host: String?
    /// The client asks for JSON where other forms exist.
    public let wantsJSON: Bool
    let session: Caller?
    let operation: String

    /// Whose session it is.
    /// - Throws: `GuardError` with code `sessionInvalid` in operations that need none.
    public var caller: Caller {
        get throws {
            guard let session else { throw GuardError(.sessionInvalid, "there is no session") }
            return session
        }
    }

    /// Who calls, for the audit log: the address of a session, or what the access rests on.
    public let actor: String
}
