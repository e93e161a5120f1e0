/// The occasions on which guardd writes.
public enum MailKind: String, Sendable, CaseIterable {
    /// A new password for somebody who forgot theirs.
    case reset
    /// To a recipient without a key: encrypted mail waits for you.
    case guest
    /// To whoever wrote to a guest: the PIN to pass on.
    case guestPIN = "guestpin"
    /// A link with which a guest begins anew.
    case guestReset = "guestreset"
}
