import KeyStore
import MIME
import OpenPGP

/// The public directory: certificates of our own users, with user IDs of their own address alone.
extension Guard {
    /// Certificates that one answer holds at most.
    private static let directoryLimit = 20

    /// The answer of a key server to `op=get`: a public key block; nil where nothing is found.
    public func directoryBlock(search text: String) throws -> [UInt8]? {
        let found = try directory(search: text)
        guard !found.isEmpty else { return nil }
        return Armor.encode(found.flatMap { $0.serialized() }, kind: .publicKey)
    }

    /// The answer of a key server to `op=index`; nil where nothing is found.
    public func directoryIndex(search text: String) throws -> String? {
        let found = try directory(search: text)
        guard !found.isEmpty else { return nil }
        return DirectoryIndex.text(found, at: now(), policy: settings.algorithms)
    }

    /// The answer of a Web Key Directory: the packets of one certificate; nil where nothing is found.
    ///
    /// See ``directory(hash:localPart:host:)``.
    public func directoryKey(hash: String, localPart: String?, host: String?) throws -> [UInt8]? {
        try directory(hash: hash, localPart: localPart, host: host)?.serialized()
    }

    /// What a key server is asked for: an address, or `0x` with a key ID or fingerprint in hexadecimal digits. Rings that are
    /// not current are found by key alone.
    func directory(search text: String) throws -> [Certificate] {
        try translating {
            steps?.count(.read)
            let digits = text.lowercased().hasPrefix("0x") ? text.dropFirst(2).uppercased() : nil
            if let digits {
                if let fingerprint = Fingerprint(hex: digits) {
                    return try published(fingerprint.keyID).filter { certificate in
                        certificate.allKeys.contains { $0.fingerprint == fingerprint }
                    }
                }
                guard digits.utf8.count == 16, let number = UInt64(digits, radix: 16) else { return [] }
                return try published(KeyID(number))
            }
            guard let address = Self.address(in: text), let account = try store.account(for: address) else { return [] }
            return try published(store.currentRing(of: account.id), account).map { [$0] } ?? []
        }
    }

    /// What a Web Key Directory is asked for.
    ///
    /// - Parameters:
    ///   - hash: z-base-32 of the SHA-1 of the local part.
    ///   - localPart: as the client knows it; nil does not ask.
    ///   - host: the host that was asked, which names the domain; where it names none of ours, and the hash is one mailbox's
    ///     alone, that counts.
    func directory(hash: String, localPart: String?, host: String?) throws -> Certificate? {
        try translating {
            steps?.count(.read)
            var accounts = try store.accounts(directoryHash: hash).compactMap { try store.account(id: $0) }
            if let localPart { accounts.removeAll { $0.address.localPart.lowercased() != localPart.lowercased() } }
            let host = host.map { $0.hasPrefix("openpgpkey.") ? String($0.dropFirst("openpgpkey.".count)) : $0 }
            let named = accounts.filter { $0.address.domain == host }
            guard let account = named.first ?? (accounts.count == 1 ? accounts.first : nil) else { return nil }
            return try published(store.currentRing(of: account.id), account)
        }
    }

    private func published(_ keyID: KeyID) throws -> [Certificate] {
        try store.owners(of: keyID).prefix(Self.directoryLimit).compactMap { owner in
            guard let account = try store.account(id: owner.account) else { return nil }
            let ring = try store.rings(of: account.id).first { $0.certificate.fingerprint.hex == owner.fingerprint }
            return try published(ring, account)
        }
    }

    /// With the owner's own address alone, and without what others say of it. Guests are not listed.
    private func published(_ ring: OwnRing?, _ account: AccountRecord) throws -> Certificate? {
        guard let ring, !account.isGuest else { return nil }
        let named = ring.certificate.userIDs.compactMap(\.userID.emailAddress).first { text in
            guard let address = EmailAddress(text) else { return false }
            return address.domain == account.address.domain
                && address.localPart.lowercased() == account.address.localPart.lowercased()
        }
        guard let named else { return nil }
        // A revoked certificate is published too: that is how others learn of it.
        return ring.certificate.published(address: named)
    }

    /// `Name <address>` is what some programs send.
    private static func address(in text: String) -> EmailAddress? {
        if let open = text.lastIndex(of: "<"), text.hasSuffix(">") {
            return EmailAddress(String(text[open...].dropFirst().dropLast()))
        }
        return EmailAddress(text)
    }
}
