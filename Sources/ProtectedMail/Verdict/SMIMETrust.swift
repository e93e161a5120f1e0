public import CMS

/// What the certificates of S/MIME signers are judged by.
public struct SMIMETrust: Sendable {
    /// The anchors a chain has to lead to.
    public var store: TrustStore
    /// Revocation lists at hand.
    public var lists: [RevocationList]
    /// How strict the checks of a chain are.
    public var policy: ChainPolicy

    /// Settings.
    public init(store: TrustStore, lists: [RevocationList] = [], policy: ChainPolicy = ChainPolicy()) {
        self.store = store
        self.lists = lists
        self.policy = policy
    }
}
