import KeyStore
import MIME
public import OpenPGP
import ProtectedMail

extension Guard {
    /// Looks for the key of a recipient: among our own users, the caller's rings, those shared in the domain, and the
    /// administrator's store, in this order of trust.
    ///
    /// A key is never made on behalf of somebody else: only they know the password that has to lock it. Our own users make
    /// theirs when they first log in; people elsewhere when they answer the invitation that comes with the first message to
    /// them, if guests are allowed.
    ///
    /// - Parameter creates: whether to say so where one of our own users has yet to make a key.
    /// - Throws: `badParameter`.
    public func recipientKey(
        for address: EmailAddressText, of caller: Caller, creates: Bool = false
    ) throws -> RecipientKey {
        let address = try address.parsed()
        return try translating {
            steps?.count(.read)
            if let account = try store.account(for: address), let ring = try store.currentRing(of: account.id),
                canEncrypt(ring.certificate)
            {
                var found = key(ring.certificate, account.isGuest ? .guest : .local)
                found.isGuest = account.isGuest
                found.isInline = account.inlineByDefault
                return found
            }
            let rings = try store.externalRings(for: address, visibleTo: caller.account).filter {
                canEncrypt($0.certificate) && isNamed(address, in: $0.certificate)
            }
            let known = try store.encryptionCertificates(for: address, at: now(), policy: settings.algorithms)
            var candidates = rings.map { ring -> RecipientKey in
                var found = key(ring.certificate, source(of: ring, caller))
                found.isInline = ring.isInline
                return found
            }
            candidates += known.compactMap { known in
                source(of: known.provenance).map { key(known.certificate, $0) }
            }
            // Of equal levels the first, which is the caller's own.
            if let best = candidates.max(by: { $0.trustLevel < $1.trustLevel }) {
                return best
            }
            var missing = RecipientKey()
            let isLocal = settings.localDomains.contains(address.domain)
            missing.isGuest = !isLocal && settings.guests.areAllowed
            missing.isNew = missing.isGuest || creates && isLocal
            return missing
        }
    }

    /// The same by the ID of a primary key or subkey.
    public func recipientKey(_ keyID: KeyID, of caller: Caller) throws -> RecipientKey {
        try translating {
            steps?.count(.read)
            for owner in try store.owners(of: keyID) {
                guard let account = try store.account(id: owner.account),
                    let ring = try store.rings(of: owner.account).first(where: {
                        $0.certificate.fingerprint.hex == owner.fingerprint
                    })
                else { continue }
                var found = key(ring.certificate, account.isGuest ? .guest : .local)
                found.isGuest = account.isGuest
                return found
            }
            if let ring = try store.externalRings(for: keyID, visibleTo: caller.account).first {
                return key(ring.certificate, source(of: ring, caller))
            }
            if let known = try store.certificates(for: [.keyID(keyID)]).first,
                let source = source(of: known.provenance)
            {
                return key(known.certificate, source)
            }
            return RecipientKey()
        }
    }

    func key(_ certificate: Certificate, _ source: KeySource) -> RecipientKey {
        var found = RecipientKey()
        found.certificate = certificate
        found.source = source
        found.trustLevel = settings.keys.level(source)
        found.isTrusted = found.trustLevel >= settings.keys.trustThreshold
        return found
    }

    private func source(of ring: ExternalRing, _ caller: Caller) -> KeySource {
        switch ring.source {
        case .uploaded: ring.accountID == caller.account.id ? .uploaded : .shared
        case .autocrypt: ring.isVerified ? .autocryptVerified : .autocrypt
        }
    }

    /// nil for what proves nothing at all.
    private func source(of provenance: Provenance) -> KeySource? {
        switch provenance {
        case .own: .local
        case .adminImport, .userVerified: .administrator
        case .dane: .dane
        case .wkd: .wkd
        case .autocrypt: .autocrypt
        case .hkp: .keyServer
        case .message: nil
        }
    }

    private func canEncrypt(_ certificate: Certificate) -> Bool {
        !certificate.encryptionKeys(at: now(), policy: settings.algorithms).isEmpty
    }
}
