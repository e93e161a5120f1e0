/// What an operation answers when all is well.
public enum Answer: Sendable {
    /// `{"data": …}`; nil leaves the member out: there is nothing.
    case data((any Encodable & Sendable)?)
    /// A JSON value without envelope.
    case bare(any Encodable & Sendable)
    /// `{}`: done, and nothing to say.
    case done
    /// text/plain.
    case text(String)
    /// Octets of some type; with a name they are offered as a download.
    case file([UInt8], type: String, name: String? = nil)
    /// 404 without more.
    case notFound
}
