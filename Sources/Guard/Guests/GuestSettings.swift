/// What an administrator decides about guests: recipients elsewhere for whom guardd keeps a key.
public struct GuestSettings: Sendable, Equatable {
    /// Whether there are guests at all.
    public var areAllowed = false
    /// Where a guest chooses the first password: an address with `{email}` and `{item}` for what the page has to send.
    public var firstPage: String?
    /// Where a guest begins anew: with `{email}` and `{resetid}`.
    public var resetPage: String?
    /// Whether the first password needs a PIN, which the sender gets by mail and passes on by other means.
    public var usesPINs = false
    /// Hours for which an invitation counts.
    public var linkHours = 168
    /// Days for which a message waits.
    public var messageDays = 30
    /// Messages that wait for one guest, and octets of all of them.
    public var maximumMessages = 50
    public var maximumOctets = 100 << 20

    public init() {}
}
