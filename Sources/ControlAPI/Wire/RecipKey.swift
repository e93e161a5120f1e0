import Guard

/// The key of a recipient, and how far it is trusted.
struct RecipKey: Encodable, Sendable {
    struct Source: Encodable, Sendable {
        let name: String
        let trustLevel: Int
        let trusted: Bool
    }

    let publicRing: PublicRing?
    let guest: Bool
    let newKey: Bool
    let newCreated: Bool
    let keySource: Source?

    init(_ key: RecipientKey, _ call: Call) throws {
        publicRing = try key.certificate.map { PublicRing(try call.guard.describe($0)) }
        guest = key.isGuest
        newKey = key.isNew
        newCreated = key.isCreated
        keySource = key.source.map { Source(name: $0.rawValue, trustLevel: key.trustLevel, trusted: key.isTrusted) }
    }
}
