/// What ties a signer's key to the addresses it names.
public enum Trust: Sendable, Equatable {
    /// Where the OpenPGP certificate came from.
    case source(Provenance)
    /// A chain of certificates to the configured trust store (RFC 5280, section 6).
    case chain
    /// Nothing: the key is not known, or no chain leads from its certificate to the store.
    case none

    /// Whether this is enough for a `pass`.
    public var bindsAddress: Bool {
        switch self {
        case .source(let provenance): provenance.bindsAddress
        case .chain: true
        case .none: false
        }
    }

    /// The word for header fields and output: that of the source, `ca`, or `none`.
    public var name: String {
        switch self {
        case .source(let provenance): provenance.rawValue
        case .chain: "ca"
        case .none: "none"
        }
    }
}
