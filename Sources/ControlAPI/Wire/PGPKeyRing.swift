import Guard
import KeyStore

/// A ring of the caller.
struct PGPKeyRing: Encodable, Sendable {
    let userId: Int64
    let contextId: Int64
    let current: Bool
    /// Milliseconds since 1970.
    let passwordModificationTimestamp: Int64
    let publicRing: PublicRing?
    let privateRing: PrivateRing?

    /// - Parameter block: the private key block, where it was asked for.
    init(_ ring: OwnRing, _ call: Call, half: KeyHalf = .both, block: [UInt8]? = nil) throws {
        let described = try call.guard.describe(ring)
        let account = try call.caller.account
        userId = account.id
        contextId = account.domainID
        current = ring.isCurrent
        passwordModificationTimestamp = milliseconds(ring.passwordModified)
        publicRing = half == .private ? nil : PublicRing(described)
        let privateKeys = described.keys.filter(\.hasPrivate)
        privateRing =
            half == .public || privateKeys.isEmpty
            ? nil
            : PrivateRing(
                ring: block.map { String(decoding: $0, as: UTF8.self) }, keys: privateKeys.map(PrivateKeyInfo.init))
    }
}

struct KeyRings: Encodable, Sendable {
    let keyRings: [PGPKeyRing]
}

/// Which half of a ring is wanted.
enum KeyHalf: String {
    case `public`
    case `private`
    case both = "public_private"
}
