import Guard

/// A certificate, as answers write it.
struct CertificateResponse: Encodable, Sendable {
    let email: String
    /// Milliseconds since the epoch.
    let expires: Int64
    let expired: Bool
    let serial: String
    let certifier: String
    let current: Bool

    init(_ info: CertificateInfo) {
        email = info.email
        expires = info.expires.multipliedReportingOverflow(by: 1000).partialValue
        expired = info.expired
        serial = info.serial
        certifier = info.certifier
        current = info.current
    }
}

struct CertificatesResponse: Encodable, Sendable {
    let certificates: [CertificateResponse]

    init(_ infos: [CertificateInfo]) { certificates = infos.map(CertificateResponse.init) }
}

struct RecipientCertificateResponse: Encodable, Sendable {
    struct Source: Encodable, Sendable {
        let name: String
        let trustLevel: Int
        let trusted: Bool
    }

    let serial: String
    let certifier: String
    /// Milliseconds since the epoch.
    let expires: Int64
    let expired: Bool
    let keySource: Source

    init(_ found: RecipientCertificate) {
        let certificate = CertificateResponse(found.info)
        serial = certificate.serial
        certifier = certificate.certifier
        expires = certificate.expires
        expired = certificate.expired
        keySource = Source(name: found.source.rawValue, trustLevel: found.trustLevel, trusted: found.isTrusted)
    }
}

struct CertificatePresenceResponse: Encodable, Sendable {
    let hasPrivateKey: Bool
    let hasPublicKey: Bool
}

struct CertificateCreationResponse: Encodable, Sendable {
    let available: Bool
    let message: String
}
