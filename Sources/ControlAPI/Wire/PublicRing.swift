import Guard

/// A certificate.
struct PublicRing: Encodable, Sendable {
    /// A public key block.
    let ring: String
    /// Lower-case hexadecimal SHA-256 of the certificate.
    let hash: String
    let keys: [PublicKeyInfo]

    init(_ ring: RingDescription) {
        self.ring = String(decoding: ring.armored, as: UTF8.self)
        hash = ring.hash
        keys = ring.keys.map(PublicKeyInfo.init)
    }
}

/// The private half of a ring; its block only where it was asked for.
struct PrivateRing: Encodable, Sendable {
    let ring: String?
    let keys: [PrivateKeyInfo]
}
