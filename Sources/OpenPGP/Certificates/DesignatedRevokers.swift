/// Keys that a certificate allows to revoke it in its name (RFC 9580 section 5.2.3.23). What they say can be checked only
/// with their certificates, which the caller supplies.
extension Certificate {
    /// The keys that may revoke this one: find their certificates and ask `considering`.
    public var designatedRevokers: [Fingerprint] { content.selfSignatures.designatedRevokers }

    /// Whether a designated revoker that is not known yet may have revoked the key or a part of it.
    public var hasUncheckedRevocations: Bool {
        let unknown = designatedRevokers.filter { revoker in
            !content.revokers.contains { $0.fingerprint == revoker }
        }
        guard !unknown.isEmpty else { return false }
        let parts = content.parts
        let all = [parts.direct] + parts.userIDs.map(\.signatures) + parts.subkeys.map(\.signatures)
        return all.contains { component in
            component.signatures.contains { signature in
                signature.type.isRevocation && unknown.contains { signature.mayBeIssued(by: $0) }
            }
        }
    }

    /// The certificate with the revocations by those of the given certificates that it designates.
    ///
    /// The result and what is merged with it remember them; what is serialized holds none.
    public func considering(revokers: [Certificate]) -> Certificate {
        let named = revokers.filter { revoker in
            designatedRevokers.contains(revoker.fingerprint) && !content.revokers.contains(revoker)
        }
        return named.isEmpty ? self : Certificate(content.parts, revokers: content.revokers + named)
    }
}
