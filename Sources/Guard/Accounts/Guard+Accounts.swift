public import KeyStore
public import MIME

extension Guard {
    /// The account of a mailbox: made on first use where its domain is ours.
    ///
    /// - Throws: `notAllowed` for mailboxes of other domains that are no guests.
    public func account(for address: EmailAddress) throws -> AccountRecord {
        try translating {
            guard address.isDomainMapped else { throw GuardError(.notAllowed, "the address has no usable domain") }
            steps?.count(.read)
            if let known = try store.account(for: address) { return known }
            guard settings.localDomains.contains(address.domain) else {
                throw GuardError(.notAllowed, "the mailbox is in no domain of this server")
            }
            steps?.count(.write)
            return try store.openAccount(for: address)
        }
    }

    /// The account of a number; nil where there is none in use.
    public func account(id: Int64) throws -> AccountRecord? {
        try translating {
            steps?.count(.read)
            return try store.account(id: id)
        }
    }
}
