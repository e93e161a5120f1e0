public import MIME

/// What an administrator decides about the mail that guardd writes.
public struct MailSettings: Sendable, Equatable {
    /// The From address; nil sends no mail at all.
    public var from: Mailbox?
    /// The name that texts call the service by.
    public var product = "Guard"
    /// A directory with templates in place of the built-in ones; nil for none.
    public var templates: String?

    public init() {}
}
