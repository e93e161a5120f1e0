import MIME
public import OpenPGP

/// What guardd is to do, as one immutable snapshot.
public struct Policy: Sendable, Equatable {
    public var ladder = Ladder()
    /// In order; the first that matches a recipient is taken.
    public var rules: [Rule] = []
    /// Our own domains, A-labels in lower case. Mail to them is never forced to be encrypted on its way in, and the
    /// DKIM signatures of them and of domains below them are ours to remove.
    public var localDomains: Set<String> = []
    public var signAs = SignAs()
    /// The authserv-id of our own results (RFC 8601, section 2.5).
    public var authservID: String
    /// Whether `DKIM-Signature` fields of own domains go when the body changes, since they could no longer verify.
    public var removesOwnDKIM = true
    /// Whether unsigned inbound mail gets `pgp=none` and `smime=none`.
    public var annotatesUnsigned = true
    /// Whether recipients that To and Cc do not name are encrypted to without their key ID.
    public var hidesBlindCopies = true
    /// How messages are split whose recipients need different copies; nil where there is nobody to take the copies.
    public var splitting: Splitting?
    /// Whether mail that a rule has decrypted on its way to a mailbox may be S/MIME of the kind that anybody can alter
    /// without the key, though no signature inside passes.
    public var opensUnauthenticated = false
    /// The largest body that is inspected, in octets.
    public var maxInspectSize = 64 << 20
    /// The largest message the mail server takes from us, in octets, header included; 0 for no limit.
    public var messageSizeLimit = 0
    /// Which algorithms of keys, signatures and messages count.
    public var algorithms = AlgorithmPolicy.standard
    /// Clients from which our own output may come back: only from them a marker counts.
    public var reinjectionPeers: [Network] = []
    /// Whether a listener looks at the end whether mail is protected (``AssertedMessage``): then guardd's own output keeps
    /// its marker until there.
    public var isAsserted = false
    /// Seconds for which a marker counts.
    public var markerLifetime: Int64 = 5 * 86400

    public init(authservID: String) { self.authservID = authservID }

    /// The rules that the message itself allows, each with how sure that is. Asked once for a message: header conditions
    /// read the whole header, which a thousand recipients must not make a thousand times.
    func rules(for facts: MessageFacts) -> [(rule: Rule, match: AddressPattern.Match)] {
        rules.map { ($0, $0.matches(facts)) }.filter { $0.match != .no }
    }

    /// The rule for a recipient among those. A rule of which it cannot be said whether it matches is taken when it
    /// protects and skipped when it does not, so that an unreadable address cannot get around a rule.
    static func rule(
        for recipient: AddressPattern.Subject, among candidates: [(rule: Rule, match: AddressPattern.Match)]
    ) -> Rule {
        for (rule, match) in candidates {
            switch match.and(rule.matches(recipient: recipient)) {
            case .yes: return rule
            case .maybe where rule.isStrict: return rule
            case .maybe, .no: continue
            }
        }
        return .fallback
    }

    func isLocal(_ recipient: AddressPattern.Subject) -> Bool {
        if case .address(let address) = recipient { return localDomains.contains(address.domain) }
        return false
    }
}
