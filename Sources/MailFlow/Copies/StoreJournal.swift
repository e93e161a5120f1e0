public import KeyStore
public import Libcrypto

/// The journal in the key store. Rows are named by MACs, so that the store does not tell who writes to whom.
public struct StoreJournal: DeliveryJournal {
    private let store: KeyStore
    private let key: SecretBytes
    /// Seconds after which an attempt that never ended counts as dead.
    private let patience: Int64
    /// Seconds for which an open entry is kept: as long as servers try.
    private let lifetime: Int64

    /// - Parameter key: the master key's purpose `journal`.
    public init(_ store: KeyStore, key: SecretBytes, patience: Int64, lifetime: Int64 = 5 * 86400) {
        self.store = store
        self.key = key
        self.patience = patience
        self.lifetime = lifetime
    }

    public func open(_ recipients: [DeliveryRecipient]) throws -> DeliveryAttempt {
        let names = try names(recipients)
        switch try store.openDelivery(names.map(\.mac), patience: patience, lifetime: lifetime) {
        case .busy: return .busy
        case .ready(let done, let unsure):
            func recipients(_ macs: Set<[UInt8]>) -> Set<DeliveryRecipient> {
                Set(names.filter { macs.contains($0.mac) }.map(\.recipient))
            }
            return .ready(done: recipients(done), unsure: recipients(unsure))
        }
    }

    public func accept(_ recipients: [DeliveryRecipient]) throws {
        try store.acceptDelivery(try names(recipients).map(\.mac))
    }

    public func giveBack(_ recipients: [DeliveryRecipient], isSure: Bool) throws {
        try store.giveBackDelivery(try names(recipients).map(\.mac), isSure: isSure)
    }

    public func close(_ recipients: [DeliveryRecipient]) throws {
        try store.closeDelivery(try names(recipients).map(\.mac))
    }

    public func isEmpty() throws -> Bool { try store.hasNoDeliveries() }

    public func knows(_ recipients: [DeliveryRecipient]) throws -> Bool {
        try store.knowsDelivery(try names(recipients).map(\.mac))
    }

    private func names(_ recipients: [DeliveryRecipient]) throws -> [(recipient: DeliveryRecipient, mac: [UInt8])] {
        try recipients.map { entry in
            let parts = [entry.sender, Array(entry.recipient.utf8), entry.message.digest]
            // Each with its length, so that octets cannot move from one part to the next.
            let text = parts.reduce(into: Array("guardd delivery 1\0".utf8)) { $0 += Array("\($1.count):".utf8) + $1 }
            return (entry, try HMAC.sha256(key: key, text))
        }
    }
}
