import CMS
public import ProtectedMail

/// What certificates of S/MIME are judged by.
public struct SMIMESettings: Sendable, Equatable {
    public enum Revocation: String, Sendable, CaseIterable { case off, soft, hard }

    /// Files and directories of authorities that are trusted; empty for none, which makes no S/MIME signature pass.
    public var trust: [String] = [TrustStore.systemBundle]
    /// Files and directories of revocation lists.
    public var lists: [String] = []
    /// What happens where no usable list is at hand.
    public var revocation = Revocation.soft

    /// Whether mail that is decrypted for a mailbox may be of the kind that anybody can alter without the key.
    public var opensUnauthenticated = false

    public init() {}

    /// Reads the files.
    ///
    /// - Returns: what to judge by, nil where nothing is trusted; and what was passed over.
    /// - Throws: `CMSError` for a file that cannot be read or holds nothing of the kind.
    public func load() throws -> (trust: SMIMETrust?, skipped: [String]) {
        var anchors: [X509Certificate] = []
        var skipped: [String] = []
        for path in trust {
            let store = try TrustStore(path: path)
            anchors += store.certificates
            skipped += store.skipped
        }
        guard !anchors.isEmpty else { return (nil, skipped) }
        var found: [RevocationList] = []
        for path in lists {
            let (lists, passed) = try RevocationList.load(path: path)
            found += lists
            skipped += passed
        }
        let level: ChainPolicy.Revocation =
            switch revocation {
            case .off: .off
            case .soft: .soft
            case .hard: .hard
            }
        return (
            SMIMETrust(
                store: try TrustStore(anchors), lists: found, policy: ChainPolicy(revocation: level)), skipped
        )
    }
}
