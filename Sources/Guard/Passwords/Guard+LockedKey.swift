import KeyStore

extension Guard {
    /// The private key that the password of this type belongs to: of the current ring or the current certificate.
    func lockedKey(of account: AccountRecord, _ type: CryptoType) throws -> (any LockedKey)? {
        switch type {
        case .pgp: try currentLockedRing(of: account)
        case .smime: try currentLockedCertificateKey(of: account)
        }
    }

    /// The key of the current certificate; nil where there is none.
    func currentLockedCertificateKey(of account: AccountRecord) throws -> (any LockedKey)? {
        try store.currentSMIMEKey(of: account.id).map { try lockedKey($0) }
    }
}
