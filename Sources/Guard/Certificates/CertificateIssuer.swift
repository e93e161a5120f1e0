public import CMS
public import MIME

/// Who issues certificates to users: the built-in authority or a program of the administrator's.
public protocol CertificateIssuer: Sendable {
    /// Has a certificate issued. May take long; is never called within a transaction of the store.
    ///
    /// - Parameters:
    ///   - request: proves that the key is there; its names are wishes.
    ///   - now: Unix seconds.
    /// - Returns: the certificate first, then those that lead to its authority.
    /// - Throws: `GuardError` with code `pkiFailed` or `busy`.
    func issue(
        _ request: CertificateRequest, name: CertificateName, address: EmailAddress, at now: Int64
    ) throws -> [X509Certificate]
}

/// The built-in authority: for sites that trust it, and for trying things out.
public struct AuthorityIssuer: CertificateIssuer {
    private let authority: CertificateAuthority
    private let days: Int

    /// - Parameter days: how long certificates live, 1 to 3650.
    public init(_ authority: CertificateAuthority, days: Int) {
        self.authority = authority
        self.days = days
    }

    public func issue(
        _ request: CertificateRequest, name: CertificateName, address: EmailAddress, at now: Int64
    ) throws -> [X509Certificate] {
        let certificate: X509Certificate
        do {
            certificate = try authority.issue(request: request, name: name, addresses: [address], at: now, days: days)
        } catch {
            throw GuardError(.pkiFailed, "the built-in authority: \(error)")
        }
        return [certificate, authority.certificate]
    }
}
