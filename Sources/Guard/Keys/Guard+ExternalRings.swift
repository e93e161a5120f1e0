public import KeyStore
import MIME
import OpenPGP

/// Rings of others that users keep for themselves.
extension Guard {
    /// Keeps public rings of correspondents.
    ///
    /// - Throws: `keyTooLarge`, `keyUnreadable`.
    public func uploadExternalRings(_ bytes: [UInt8], of caller: Caller) throws -> [ExternalRing] {
        try audited(actor: caller.actor, action: "external.upload", target: caller.account.address.canonical) { line in
            try translating {
                guard bytes.count <= settings.keys.maximumUpload else {
                    throw GuardError(.keyTooLarge, "more than \(settings.keys.maximumUpload) octets")
                }
                let certificates = ((try? Certificate.parseAll(bytes).certificates) ?? []).filter {
                    !$0.userIDs.isEmpty
                }
                guard !certificates.isEmpty else { throw GuardError(.keyUnreadable, "there is no OpenPGP key in it") }
                let held = try store.externalRings(of: caller.account, .uploaded).count
                guard certificates.count <= settings.keys.maximumRings,
                    held + certificates.count <= settings.keys.maximumExternal
                else { throw GuardError(.keyTooLarge, "too many rings") }
                steps?.count(.write)
                return try store.changeAccount(caller.account.id, audit: line) { connection in
                    try certificates.map { certificate in
                        try store.addExternalRing(
                            certificate, account: caller.account, .uploaded, isVerified: true, seen: now().seconds,
                            in: connection)
                        guard
                            let kept = try store.externalRing(
                                certificate.fingerprint, of: caller.account.id, .uploaded, in: connection)
                        else { throw GuardError(.internalFailure, "the ring did not stay") }
                        return kept
                    }
                }
            }
        }
    }

    /// Uploaded rings, those that others of the domain share among them; or those learnt from mail.
    public func externalRings(of caller: Caller, _ source: ExternalRing.Source) throws -> [ExternalRing] {
        try translating {
            steps?.count(.read)
            return try store.externalRings(of: caller.account, source)
        }
    }

    /// The rings for an address that the caller may use.
    public func externalRings(for address: EmailAddressText, of caller: Caller) throws -> [ExternalRing] {
        guard let address = EmailAddress(address.text) else { return [] }
        return try translating {
            steps?.count(.read)
            return try store.externalRings(for: address, visibleTo: caller.account)
        }
    }

    /// Sets whether mail to that correspondent is inline OpenPGP by default.
    public func setInline(_ isInline: Bool, external handle: String, of caller: Caller) throws {
        try changeExternal(handle, .uploaded, of: caller, action: "external.inline") { $0.isInline = isInline }
    }

    /// Shares a ring with the other users of the domain, or takes that back.
    public func setShared(_ isShared: Bool, external handle: String, of caller: Caller) throws {
        try changeExternal(handle, .uploaded, of: caller, action: "external.share") { $0.isShared = isShared }
    }

    /// Forgets a ring of a correspondent.
    public func deleteExternalRing(_ handle: String, _ source: ExternalRing.Source, of caller: Caller) throws {
        try withExternal(handle, source, of: caller, action: "external.delete") { ring, connection in
            try store.deleteExternalRing(ring.id, in: connection)
        }
    }

    func changeExternal(
        _ handle: String, _ source: ExternalRing.Source, of caller: Caller, action: String,
        _ change: (inout ExternalRing) -> Void
    ) throws {
        try withExternal(handle, source, of: caller, action: action) { ring, connection in
            var ring = ring
            change(&ring)
            try store.setFlags(ring, in: connection)
        }
    }

    /// - Parameter handle: the fingerprint of the primary key.
    /// - Throws: `keyNotFound`, also for rings that only somebody else keeps.
    private func withExternal(
        _ handle: String, _ source: ExternalRing.Source, of caller: Caller, action: String,
        _ body: (ExternalRing, any StoreConnection) throws -> Void
    ) throws {
        try audited(actor: caller.actor, action: action, target: Self.printable(handle)) { line in
            try translating {
                steps?.count(.write)
                try store.changeAccount(caller.account.id, audit: line) { connection in
                    guard let fingerprint = Fingerprint(hex: handle.uppercased()),
                        let ring = try store.externalRing(
                            fingerprint, of: caller.account.id, source, in: connection)
                    else { throw GuardError(.keyNotFound, "there is no such ring") }
                    try body(ring, connection)
                }
            }
        }
    }

    /// For the audit log: a client may send anything.
    static func printable(_ text: String) -> String {
        String(text.unicodeScalars.prefix(80).map { (0x21...0x7E).contains($0.value) ? Character($0) : "?" })
    }
}
