import CMS
import KeyStore
public import Libcrypto
import OpenPGP

extension Guard {
    /// Whether the caller may have a certificate issued; the reason in English where not.
    public func checkCertificateCreation(_ caller: Caller) -> (isAvailable: Bool, message: String) {
        if ports.certificates == nil { return (false, "No PKI service is configured.") }
        if caller.account.isGuest { return (false, "Guests get no certificates.") }
        return (true, "")
    }

    /// Makes a key, has a certificate issued for it and locks the key under the password. Takes seconds.
    ///
    /// - Throws: `pkiNotConfigured`, `pkiFailed`, `passwordPolicy`, `notAllowed` for guests.
    public func createCertificate(_ caller: Caller, password: SecretBytes) throws -> CertificateInfo {
        try auditing(caller, "certificate.create") { line in
            guard let issuer = ports.certificates else {
                throw GuardError(.pkiNotConfigured, "no PKI service is configured")
            }
            guard !caller.account.isGuest else { throw GuardError(.notAllowed, "guests get no certificates") }
            try checkPolicy(password)
            let account = caller.account
            let identity = try issue(by: issuer, for: account)
            try keep([try sealed(identity, account, password)], caller, audit: line)
            return CertificateInfo(identity.certificate, for: account.address, isCurrent: true, now: now().seconds)
        }
    }

    private func issue(by issuer: any CertificateIssuer, for account: AccountRecord) throws -> Identity {
        let organization = settings.certificates.organization
        let address = account.address
        // Names come from elsewhere: what no certificate may hold gives way to the address.
        guard
            let name = CertificateName(commonName: account.displayName, organization: organization)
                ?? CertificateName(commonName: String(address.canonical.prefix(64)), organization: organization)
        else { throw GuardError(.pkiFailed, "the name of the account cannot stand in a certificate") }
        do {
            let key = try CMSPrivateKey.generate(settings.certificates.keyKind)
            let request = try CertificateRequest(key: key, name: name, addresses: [address])
            let issued = try issuer.issue(request, name: name, address: address, at: now().seconds)
            guard let certificate = issued.first(where: { key.matches($0) }), certificate.matches(address: address)
            else {
                throw GuardError(.pkiFailed, "the certificate that was issued is not for this key and address")
            }
            let issuers = issued.filter { $0 != certificate }
            let judge = CertificateJudge(trust: ports.smimeTrust, now: now().seconds)
            // Clocks of authorities run ahead: what is not valid yet is not refused for that.
            guard judge.isVouchedFor(certificate, issuers: issuers) || judge.isInOrder(certificate) else {
                throw GuardError(.pkiFailed, "the certificate that was issued cannot be used for mail")
            }
            return Identity(key: key, certificate: certificate, issuers: Array(issuers.prefix(20)))
        } catch let error as CMSError {
            throw GuardError(.pkiFailed, "making the certificate failed: \(error.code.rawValue)")
        }
    }
}
