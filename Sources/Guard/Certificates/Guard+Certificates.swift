import CMS
import KeyStore
public import Libcrypto
import OpenPGP

/// A user's own S/MIME certificates.
extension Guard {
    /// All certificates of the caller, the current one first.
    public func certificates(of caller: Caller) throws -> [CertificateInfo] {
        try translating {
            steps?.count(.read)
            return try store.smimeKeys(of: caller.account.id).map { info($0, caller.account) }
        }
    }

    /// Whether the caller has a certificate; there is none without its private key.
    public func hasCertificates(_ caller: Caller) throws -> Bool {
        try translating {
            steps?.count(.read)
            return try store.currentSMIMEKey(of: caller.account.id) != nil
        }
    }

    /// Makes a certificate the one that is encrypted to and signed with.
    ///
    /// - Throws: `certificateNotFound`, `certificateAmbiguous`.
    public func setCurrentCertificate(_ caller: Caller, serial: String) throws {
        try auditing(caller, "certificate.current", target: serial) { line in
            let key = try key(serial, of: caller.account)
            // Nothing to do, and nothing for the log.
            guard !key.isCurrent else { return }
            try changingCertificates(caller.account, audit: line) { c in
                guard try store.setCurrentSMIMEKey(key.id, account: caller.account.id, in: c) else {
                    throw GuardError(.certificateNotFound, "there is no such certificate")
                }
                // Tokens open the key that was current.
                try store.revokeTokens(account: caller.account.id, type: CryptoType.smime.rawValue, in: c)
            }
        }
    }

    /// Destroys a certificate with its key. Nothing brings it back.
    ///
    /// - Throws: `certificateNotFound`, `certificateAmbiguous`, `badPassword`, `lockedOut`, `deleteForbidden`.
    public func deleteCertificate(_ caller: Caller, serial: String, password: SecretBytes?) throws {
        try auditing(caller, "certificate.delete", target: serial) { line in
            let key = try key(serial, of: caller.account)
            guard let password else {
                throw GuardError(.missingParameter, "the password is missing", parameters: ["password"])
            }
            _ = try verifyPassword(of: lockedKey(key), caller.account, .smime, password)
            try changingCertificates(caller.account, audit: line) { c in
                guard try store.deleteSMIMEKey(key.id, account: caller.account.id, in: c) else {
                    throw GuardError(.certificateNotFound, "there is no such certificate")
                }
                if key.isCurrent {
                    try store.revokeTokens(account: caller.account.id, type: CryptoType.smime.rawValue, in: c)
                }
            }
        }
    }

    // MARK: -

    /// The key that a handle means.
    func key(_ serial: String, of account: AccountRecord) throws -> UserSMIMEKey {
        steps?.count(.read)
        let keys = try store.smimeKeys(of: account.id)
        guard let handle = SerialHandle(serial) else {
            throw GuardError(.certificateNotFound, "there is no such certificate")
        }
        let found = keys.filter { handle.names($0.certificate) }
        guard found.count < 2 else {
            throw GuardError(
                .certificateAmbiguous, "certificates of several authorities have this serial number",
                parameters: found.map { SerialHandle($0.certificate).text })
        }
        guard let key = found.first else { throw GuardError(.certificateNotFound, "there is no such certificate") }
        return key
    }

    func lockedKey(_ key: UserSMIMEKey) throws -> UserCertificateKey {
        try UserCertificateKey(key, cost: settings.passwords.argon2)
    }

    func info(_ key: UserSMIMEKey, _ account: AccountRecord) -> CertificateInfo {
        CertificateInfo(
            key.certificate, for: account.address, isCurrent: key.isCurrent, now: now().seconds)
    }

    /// One change of the account.
    func changingCertificates<T>(
        _ account: AccountRecord, audit line: KeyStore.AuditRecord, _ body: (any StoreConnection) throws -> T
    ) throws -> T {
        steps?.count(.write)
        do { return try store.changeAccount(account.id, audit: line, body) } catch let error as KeyStoreError
            where error.code == .notFound
        {
            throw GuardError(.sessionInvalid, "the account is gone")
        }
    }
}
