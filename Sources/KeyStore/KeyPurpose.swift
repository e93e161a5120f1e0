/// What a key derived from the master key is for. Every purpose has its own key, so that a record sealed for one can
/// never be opened as another.
public enum KeyPurpose: String, Sendable, CaseIterable {
    /// Secret keys that guardd uses alone.
    case gateway
    case recovery
    case guest
    /// The MAC that marks our own output.
    case marker
    case journal
    case attachedToken = "attached-token"
    /// The RSA keys that clients encrypt passwords to.
    case passwordTransport = "password-transport"
}
