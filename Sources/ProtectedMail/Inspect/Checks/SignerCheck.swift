import MIME

extension SignatureCheck {
    /// One of the signer's addresses is exactly the one address in From: not a display name, not Sender or Reply-To, and
    /// not one of several.
    static let signer = SignatureCheck { facts, mail in
        switch mail.header.from {
        case .none: [.policy(.fromAmbiguous, "the message has no From field")]
        case .ambiguous(let why):
            [.policy(.fromAmbiguous, "the From field does not name exactly one address (\(why.rawValue))")]
        case .one(let sender) where facts.identities.contains { $0.address == sender }: []
        case .one: [.policy(.signerMismatch, "no valid address of the signer is the From address")]
        }
    }

    /// Nobody else can be taken for the author: who sees "The Manager" in From and manager@ in Reply-To believes him to
    /// have signed.
    static let identity = SignatureCheck { facts, mail in
        guard case .one(let sender) = mail.header.from else { return [] }
        let covered =
            mail.header.isFromEqual(facts.innerHeader) ? HeaderFacts.others(facts.innerHeader?.fields ?? []) : []
        let rivals = mail.header.others.filter { mail.header.isRival($0, of: sender) && !covered.contains($0) }
        return rivals.isEmpty
            ? [] : [.policy(.otherIdentity, "Sender or Reply-To name somebody else who can be taken for the author")]
    }

    /// Somebody who had to know ties the key to its addresses: anybody can make a key with any address.
    static let trust = SignatureCheck { facts, _ in
        let trust = facts.verdict.trust
        return trust.bindsAddress
            ? []
            : [.policy(.untrustedKey, "nothing trusted ties the key to the From address (source: \(trust.name))")]
    }

    /// See `HeaderFacts.innerDoubts`.
    static let innerHeader = SignatureCheck { facts, mail in
        facts.innerHeader.map { mail.header.innerDoubts($0).map { .policy($0.code, $0.text) } } ?? []
    }
}
