/// Why an address field has no one sure reading.
public enum AmbiguityReason: String, Sendable, Hashable, CaseIterable {
    /// More than one From field.
    case severalFields = "several-from-fields"
    /// More than one mailbox.
    case severalAddresses = "several-addresses"
    /// The field is there but holds no address.
    case noAddress = "no-address"
    /// Words without "@".
    case noDomain = "no-domain"
    /// The field breaks the grammar of RFC 5322 with its obsolete forms.
    case malformed
    /// A NUL octet.
    case nul
    /// A control character, a bare line end, or an invisible or direction-changing character.
    case controlCharacter = "control-character"
    /// The address is not UTF-8.
    case invalidUTF8 = "invalid-utf8"
    /// The display name shows an address that is not the one in the angle brackets.
    case addressInDisplayName = "address-in-display-name"
    /// As before, but only after encoded words are decoded.
    case addressInEncodedWord = "address-in-encoded-word"
    /// The local part or the domain itself holds an encoded word.
    case encodedWordInAddress = "encoded-word-in-address"
    /// A comment shows another address.
    case addressInComment = "address-in-comment"
    /// The quoted local part holds an "@" or angle brackets.
    case addressInLocalPart = "address-in-local-part"
    /// Group syntax.
    case group
    /// A source route stands before the address (obs-route).
    case route
    /// The domain has a form that is not mapped to A-labels (see ``DomainName``).
    case unmappableDomain = "unmappable-domain"
}

/// One mailbox of an address field.
public struct Mailbox: Sendable, Hashable {
    /// The display name with quotes resolved and encoded words decoded; nil where there is none.
    public let displayName: String?
    public let address: EmailAddress
    /// The name of the group it stands in, "" for a group without a name; nil outside of groups.
    public let group: String?

    public init(displayName: String? = nil, address: EmailAddress, group: String? = nil) {
        self.displayName = displayName
        self.address = address
        self.group = group
    }
}

/// The value of an address field: what could be read of it, and what speaks against that reading.
public struct AddressList: Sendable, Equatable {
    /// All mailboxes in order, members of groups among them.
    public internal(set) var mailboxes: [Mailbox] = []
    /// The names of the groups in order.
    public internal(set) var groups: [String] = []
    /// Every reason to doubt the reading, without repetition, in the order found. Several mailboxes are none: a list
    /// may have them.
    public internal(set) var ambiguities: [AmbiguityReason] = []

    /// The addresses alone.
    public var addresses: [EmailAddress] { mailboxes.map(\.address) }

    mutating func doubt(_ reason: AmbiguityReason) {
        if !ambiguities.contains(reason) { ambiguities.append(reason) }
    }
}

/// The one address a From field names, if it is one.
public enum SoleAddress: Sendable, Equatable {
    /// There is no From field.
    case none
    case one(EmailAddress)
    case ambiguous(AmbiguityReason)
}
