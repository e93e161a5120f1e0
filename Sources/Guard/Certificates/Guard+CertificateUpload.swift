import CMS
import KeyStore
public import Libcrypto
import OpenPGP

/// Certificates that users bring.
extension Guard {
    /// Takes in a PKCS#12 file: every private key in it with a certificate for the caller's address, and the other
    /// certificates as what leads to their authorities. Of those that are valid the one that is longest becomes current.
    ///
    /// - Parameters:
    ///   - password: opens the file; nil is the empty one.
    ///   - newPassword: locks the key from now on; nil for the file's own.
    /// - Throws: `badPassword`, `passwordPolicy`, `certificateUnreadable`, `noMatchingUserID`, `chainInvalid`, `keyTooLarge`.
    public func uploadCertificate(
        _ caller: Caller, file: [UInt8], password: SecretBytes?, newPassword: SecretBytes?
    ) throws -> [CertificateInfo] {
        try auditing(caller, "certificate.upload") { line in
            let account = caller.account
            let filePassword = password ?? SecretBytes(copying: [])
            let lockPassword = newPassword ?? filePassword
            try checkPolicy(lockPassword)
            let identities = try identities(in: open(file, filePassword), for: caller)
            try keep(try identities.map { try sealed($0, account, lockPassword) }, caller, audit: line)
            let uploaded = Set(identities.map(\.certificate))
            return try store.smimeKeys(of: account.id).filter { uploaded.contains($0.certificate) }
                .map { info($0, account) }
        }
    }

    /// Keeps certificates of correspondents, for the caller alone: PEM, DER or PKCS#7. Certificates of authorities help to
    /// judge the others.
    ///
    /// - Throws: `certificateUnreadable`, `chainInvalid` for certificates that cannot be used for mail, `keyTooLarge` past the
    ///   number that one user may keep.
    public func uploadRecipientCertificates(_ caller: Caller, file: [UInt8]) throws -> [CertificateInfo] {
        try auditing(caller, "certificate.upload-recipient") { line in
            let found: [X509Certificate]
            do { found = try X509Certificate.parseAll(file) } catch let error as CMSError {
                throw GuardError(.certificateUnreadable, "\(error.message)")
            }
            let people = found.filter {
                $0.emailAddresses.contains { $0.address != nil } && $0.basicConstraints?.isAuthority != true
            }
            guard !people.isEmpty, people.count <= 100 else {
                throw GuardError(
                    .certificateUnreadable, "the file holds no certificate for a mail address, or too many")
            }
            let issuers = Array(found.filter { !people.contains($0) }.prefix(20))
            let judge = CertificateJudge(trust: ports.smimeTrust, now: now().seconds)
            guard people.allSatisfy({ judge.isVouchedFor($0, issuers: issuers) || judge.isInOrder($0) }) else {
                throw GuardError(.chainInvalid, "a certificate of the file cannot be used for mail")
            }
            try changingCertificates(caller.account, audit: line) { c in
                let count = try store.addRecipientCertificates(
                    people, issuers: issuers, account: caller.account.id, in: c)
                guard count <= settings.certificates.maximumRecipients else {
                    throw GuardError(.keyTooLarge, "too many certificates are kept")
                }
            }
            return people.map { CertificateInfo($0, for: nil, isCurrent: false, now: now().seconds) }
        }
    }

    // MARK: -

    struct Identity {
        var key: CMSPrivateKey
        var certificate: X509Certificate
        var issuers: [X509Certificate]
    }

    private func open(_ file: [UInt8], _ password: SecretBytes) throws -> PKCS12 {
        do { return try PKCS12(file, password: password) } catch let error as CMSError {
            switch error.code {
            case .wrongPassword, .passwordNeeded:
                throw GuardError(.badPassword, "the password does not open the file")
            case .limitExceeded: throw GuardError(.keyTooLarge, "\(error.message)")
            default: throw GuardError(.certificateUnreadable, "\(error.message)")
            }
        }
    }

    private func identities(in file: PKCS12, for caller: Caller) throws -> [Identity] {
        let own = file.identities.prefix(20).flatMap { key, certificates in
            certificates.map { (key, $0) }
        }
        guard !own.isEmpty else {
            throw GuardError(.certificateUnreadable, "the file holds no private key with its certificate")
        }
        let mine = own.filter { $0.1.matches(address: caller.account.address) }
        guard !mine.isEmpty else {
            throw GuardError(.noMatchingUserID, "no certificate in the file is for \(caller.account.address.canonical)")
        }
        let issuers = Array(file.certificates.filter { other in !own.contains { $0.1 == other } }.prefix(20))
        let judge = CertificateJudge(trust: ports.smimeTrust, now: now().seconds)
        for (_, certificate) in mine where !judge.isVouchedFor(certificate, issuers: issuers) {
            guard settings.certificates.allowsUntrusted, judge.isInOrder(certificate) else {
                throw GuardError(
                    .chainInvalid, "certificate \(certificate.serial) does not lead to a trusted authority")
            }
        }
        return mine.map { Identity(key: $0.0, certificate: $0.1, issuers: issuers) }
    }

    /// The key under its lock. Slow.
    func sealed(_ identity: Identity, _ account: AccountRecord, _ password: SecretBytes) throws -> SealedIdentity {
        steps?.count(.passwordHash)
        return SealedIdentity(
            identity: identity,
            lock: try UserCertificateKey.lock(
                identity.key, of: identity.certificate, account: account.id, password: password,
                cost: settings.passwords.argon2))
    }

    struct SealedIdentity {
        var identity: Identity
        var lock: Relocked
    }

    /// Writes keys; of the valid ones the one that lives longest becomes current, of others one only where there is none.
    func keep(_ keys: [SealedIdentity], _ caller: Caller, audit line: KeyStore.AuditRecord) throws {
        let account = caller.account.id
        let now = now().seconds
        let ordered = keys.sorted { $0.identity.certificate.notAfter < $1.identity.certificate.notAfter }
        try changingCertificates(caller.account, audit: line) { c in
            let before = try store.smimeKeys(of: account, in: c)
            guard before.count + keys.count <= settings.certificates.maximumOwn else {
                throw GuardError(.keyTooLarge, "too many certificates are kept")
            }
            for (index, key) in ordered.enumerated() {
                let certificate = key.identity.certificate
                let known = before.first { $0.certificate == certificate }
                let isBest = index == ordered.count - 1
                let mayLead = certificate.notAfter >= now || !before.contains(where: \.isCurrent)
                let recovery = try recoveryRecord(
                    for: key.lock.secrets, of: account, .smime, fingerprintHex: try certificate.fingerprintHex,
                    previous: known?.recovery, in: c)
                try store.addSMIMEKey(
                    NewSMIMEKey(
                        certificate: certificate, issuers: key.identity.issuers, locked: key.lock.locked,
                        recovery: recovery?.bytes, recoveryMaster: recovery?.master),
                    account: account, isCurrent: known?.isCurrent == true || isBest && mayLead, in: c)
            }
            try store.revokeTokens(account: account, type: CryptoType.smime.rawValue, in: c)
        }
    }
}
