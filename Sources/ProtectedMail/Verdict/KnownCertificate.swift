public import OpenPGP

/// A certificate together with where it came from.
public struct KnownCertificate: Sendable {
    /// The certificate.
    public var certificate: Certificate
    /// Its source: whether its user IDs bind addresses.
    public var provenance: Provenance
    /// Whether the user who keeps it wants mail to its owner as inline OpenPGP.
    public var prefersInline = false

    /// A certificate from this source.
    public init(certificate: Certificate, provenance: Provenance) {
        self.certificate = certificate
        self.provenance = provenance
    }
}
