public import CMS
public import KeyStore
public import MIME
public import OpenPGP
public import ProtectedMail

/// The key store, as a session asks it.
public struct StoreKeys: KeyDirectory {
    let store: KeyStore
    let policy: AlgorithmPolicy
    private let trust: SMIMETrust?

    /// - Parameter trust: what S/MIME is judged by; nil where nothing is trusted.
    public init(_ store: KeyStore, policy: AlgorithmPolicy, trust: SMIMETrust?) {
        self.store = store
        self.policy = policy
        self.trust = trust
    }

    public func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        try store.certificates(for: issuers)
    }

    public func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        try store.decryptionKeys(for: recipients)
    }

    public func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
        try store.encryptionCertificates(for: address, at: time, policy: policy)
    }

    public func keptCertificates(
        for address: EmailAddress, by user: EmailAddress, at time: Timestamp
    ) throws -> [KnownCertificate] {
        try store.keptCertificates(for: address, by: user, at: time, policy: policy)
    }

    public func keptCertificates(for issuers: [IssuerHint], by user: EmailAddress) throws -> [KnownCertificate] {
        try store.keptCertificates(for: issuers, by: user)
    }

    public func forOneMessage<R>(_ body: () throws -> R) rethrows -> R { try store.withOneLook(body) }

    // MARK: S/MIME

    public func smimeTrust() -> SMIMETrust? { trust }

    public func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate] {
        try store.smimeCertificates(for: identifiers).map(\.certificate)
    }

    public func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] {
        try store.smimeCertificates(for: recipients).compactMap { known in
            known.privateKey.map { CMSDecryptionKey(certificate: known.certificate, privateKey: $0) }
        }
    }

    public func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] {
        // What our own user has in use comes first: other copies are of keys that may be gone.
        let own = try store.ownSMIMECertificates(for: address)
        let known = try store.smimeCertificates(for: address).filter { other in
            !own.contains { $0.certificate == other.certificate }
        }
        return try (own + known).filter { try isUsable($0, at: time, .encryption) }.map {
            SMIMERecipient(certificate: $0.certificate, capabilities: $0.capabilities)
        }
    }

    public func smimeRecipients(
        keptBy user: EmailAddress, for address: EmailAddress, at time: Timestamp
    ) throws -> [SMIMERecipient] {
        guard let account = try store.account(for: user) else { return [] }
        return try store.recipientCertificates(for: address, of: account.id).filter { kept in
            // The user vouches for it.
            try isUsable(
                KnownX509(
                    certificate: kept.certificate, provenance: .userVerified, capabilities: nil, privateKey: nil),
                issuers: kept.issuers, at: time, .encryption)
        }.map { SMIMERecipient(certificate: $0.certificate) }
    }

    public func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner? {
        for known in try store.smimeCertificates(for: address) {
            guard let key = known.privateKey, try isUsable(known, at: time, .signing) else { continue }
            let issuers = try store.smimeIssuers(of: known.certificate)
            let chain = trust.map {
                ChainValidator.validate(
                    known.certificate, intermediates: issuers, store: $0.store, now: time.seconds, purpose: .signing,
                    policy: ChainPolicy(revocation: .off)
                ).chain
            }
            do {
                return SMIMESigner(
                    signer: try CMSSigner(certificate: known.certificate, privateKey: key),
                    chain: (chain ?? []).filter { $0 != known.certificate && !$0.isSelfIssued })
            } catch let error as CMSError where error.code == .unsupported {
                continue
            }
        }
        return nil
    }

    public func harvest(_ certificate: X509Certificate, capabilities: SMIMECapabilities?) {
        // Known ones, which most are, cost a look-up in memory and no write.
        guard let known = try? store.smimeCertificates(for: [.issuerAndSerial(certificate.identity)]),
            !known.contains(where: {
                $0.certificate == certificate && (capabilities == nil || capabilities == $0.capabilities)
            })
        else { return }
        _ = try? store.importSMIME([certificate], provenance: .message, capabilities: capabilities)
    }

    /// A chain vouches for a certificate; for one that an administrator took in, and our own, it may be missing, but the
    /// certificate itself has to be in order.
    private func isUsable(
        _ known: KnownX509, issuers: [X509Certificate] = [], at time: Timestamp, _ purpose: ChainPurpose
    ) throws -> Bool {
        let certificate = known.certificate
        if let trust {
            let result = ChainValidator.validate(
                certificate, intermediates: try issuers + store.smimeIssuers(of: certificate), store: trust.store,
                crls: trust.lists, now: time.seconds, purpose: purpose,
                policy: trust.policy)
            if result.isValid { return true }
            // Revoked stays revoked, whoever took it in.
            if result.failures.contains(where: { $0.code == .revoked }) { return false }
        }
        guard known.provenance.bindsAddress, let alone = try? TrustStore([certificate]) else { return false }
        return certificate.notBefore <= time.seconds && time.seconds <= certificate.notAfter
            && ChainValidator.validate(
                certificate, store: alone, now: time.seconds, purpose: purpose, policy: ChainPolicy(revocation: .off)
            ).failures.allSatisfy { $0.code == .untrusted }
    }

    public func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        do {
            return try store.ownSecret(for: address, at: time, policy: policy)?.signingKey(at: time, policy: policy)
        } catch let error as OpenPGPError where error.code == .noUsableKey || error.code == .secretUnavailable {
            // Expired, revoked, or only there to decrypt: the same as none.
            return nil
        }
    }
}
