import Guard
import KeyStore

/// A ring of somebody else, as a user keeps it.
struct ExternalPublicKeyRing: Encodable, Sendable {
    /// The handle of the ring: its fingerprint, which clients need not know.
    let ids: String
    /// 0 for the owner alone, 1 for the domain.
    let shareLevel: Int
    let inline: Bool
    let owned: Bool
    let shared: Bool
    /// Of one of our own users.
    let guardKey: Bool
    let publicRing: PublicRing

    init(_ ring: ExternalRing, _ call: Call) throws {
        let described = try call.guard.describe(ring.certificate)
        ids = described.keys.first?.fingerprint ?? ""
        shareLevel = ring.isShared ? 1 : 0
        inline = ring.isInline
        owned = try ring.accountID == call.caller.account.id
        shared = ring.isShared
        guardKey = false
        publicRing = PublicRing(described)
    }
}

struct ExternalPublicKeyRings: Encodable, Sendable {
    let externalPublicKeyRings: [ExternalPublicKeyRing]
}
