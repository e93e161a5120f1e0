extension SecretCertificate {
    /// The key with another end: of the primary key, with which everything ends.
    ///
    /// - Parameter end: first moment at which the key does not count; nil for never.
    /// - Throws: `invalidArgument` where `end` is not after the key's creation or more than 136 years later, `noUsableKey`
    ///   where the key has no self-signature to renew, `secretUnavailable`.
    public func expiring(at end: Timestamp?, now time: Timestamp) throws -> SecretCertificate {
        let seconds = try Self.lifetime(of: certificate.primaryKey, until: end)
        let main = certificate.primaryUserID(at: time, policy: .archive)
        return try edited(at: time) { editor in
            var count = 0
            if let direct = editor.direct {
                try editor.addDirect(try editor.renewal(of: direct).lasting(seconds))
                count += 1
            }
            // From version 6 on only the direct-key signature says when the key ends (RFC 9580 section 10.1.1).
            let userIDs = editor.primary.version > 4 && count > 0 ? 0..<0 : editor.parts.userIDs.indices
            for index in userIDs {
                guard let binding = editor.binding(ofUserID: index) else { continue }
                var builder = try editor.renewal(of: binding).lasting(seconds)
                // All are dated alike now: of several marks the newest would no longer tell the main one.
                if editor.parts.userIDs[index].userID != main { builder.hashed.remove(.primaryUserID) }
                try editor.add(builder, toUserID: index)
                count += 1
            }
            guard count > 0 else {
                throw OpenPGPError(.noUsableKey, "key \(fingerprint.hex) has no self-signature to renew")
            }
        }
    }

    /// The key with another end of one subkey.
    ///
    /// - Parameter end: first moment at which the subkey does not count; nil for never.
    /// - Throws: `invalidArgument`, `noUsableKey` where the subkey is revoked or not bound, `secretUnavailable`, also
    ///   where a signing subkey needs a new back-signature and its secret part is locked or not here.
    public func expiringSubkey(
        _ subkey: Fingerprint, at end: Timestamp?, now time: Timestamp
    ) throws -> SecretCertificate {
        let index = try subkeyIndex(subkey)
        let seconds = try Self.lifetime(of: certificate.subkeys[index].key, until: end)
        return try edited(at: time) { editor in
            guard let binding = editor.binding(ofSubkey: index) else {
                throw OpenPGPError(.noUsableKey, "subkey \(subkey.hex) is revoked or not bound")
            }
            try rebind(index, with: try editor.renewal(of: binding.signature).lasting(seconds), in: &editor)
        }
    }

    private static func lifetime(of key: PublicKey, until end: Timestamp?) throws -> UInt32? {
        guard let end else { return nil }
        let (seconds, overflow) = end.seconds.subtractingReportingOverflow(key.creation.seconds)
        guard !overflow, let lifetime = UInt32(exactly: seconds), lifetime > 0 else {
            throw OpenPGPError(.invalidArgument, "a key must end after its creation and within 136 years")
        }
        return lifetime
    }
}

extension SignatureBuilder {
    /// The same with another end of the key, and none of the signature.
    func lasting(_ seconds: UInt32?) -> SignatureBuilder {
        var result = self
        result.hashed.remove(.signatureExpirationTime)
        result.hashed.remove(.keyExpirationTime)
        if let seconds {
            result.hashed.append(Subpacket(.keyExpirationTime, critical: true, Subpacket.octets(of: seconds)))
        }
        return result
    }
}
