/// What of a certificate is given to whom.
extension Certificate {
    /// Without the certifications of others that are meant for their maker alone (RFC 9580 section 5.2.3.19).
    public func exportable() -> Certificate {
        filtered { $0.isExportable }
    }

    /// Only what the key itself says, and of that everything: signatures of others are dropped.
    public func withoutThirdParties() -> Certificate {
        filtered { $0.mayBeIssued(by: fingerprint) }
    }

    /// Only what the key binds: user IDs, attributes and subkeys without an own signature that is right are left out, and so
    /// are signatures that claim to be the key's own and are not. What comes from key servers, where everybody adds what
    /// they like, shrinks to what can ever count; signatures of others on what remains stay.
    public func cleaned() -> Certificate {
        let verified = content.selfSignatures
        func right(_ part: SelfSignatures.Part) -> Set<Signature> {
            Set(part.bindings + part.refused + part.revocations)
        }
        func keep(_ signatures: inout ComponentSignatures, _ right: Set<Signature>) {
            signatures.signatures.removeAll { $0.mayBeIssued(by: fingerprint) && !right.contains($0) }
        }
        var parts = CertificateParts(primaryKey: primaryKey)
        parts.direct = content.parts.direct
        keep(&parts.direct, right(verified.direct))
        for (var component, part) in zip(content.parts.userIDs, verified.userIDs) where part.isBound {
            keep(&component.signatures, right(part))
            parts.userIDs.append(component)
        }
        for (var component, part) in zip(content.parts.userAttributes, verified.userAttributes) where part.isBound {
            keep(&component.signatures, right(part))
            parts.userAttributes.append(component)
        }
        for (var component, part) in zip(content.parts.subkeys, verified.subkeys) where part.isBound {
            keep(&component.signatures, right(part))
            parts.subkeys.append(component)
        }
        return Certificate(parts, revokers: content.revokers)
    }

    /// For publication under one address, as a Web Key Directory wants it: user IDs of other addresses and signatures
    /// of others are left out, subkeys and revocations stay.
    ///
    /// - Parameter address: compared without regard to the case of ASCII letters.
    /// - Returns: nil where no user ID that the key certifies at `time` has the address.
    public func filtered(
        address: String, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) -> Certificate? {
        func hasAddress(_ userID: UserID) -> Bool { userID.emailAddress?.lowercased() == address.lowercased() }
        guard validUserIDs(at: time, policy: policy).contains(where: hasAddress) else { return nil }
        var parts = withoutThirdParties().content.parts
        parts.userIDs.removeAll { !hasAddress($0.userID) }
        parts.userAttributes = []
        parts.unknown = []
        return Certificate(parts)
    }

    /// For a directory, whether it counts any more or not: the user IDs of one address, subkeys and revocations, nothing that
    /// others said.
    ///
    /// - Parameter address: compared without regard to the case of ASCII letters.
    /// - Returns: nil where no user ID that the key ever certified has the address.
    public func published(address: String) -> Certificate? {
        func hasAddress(_ userID: UserID) -> Bool { userID.emailAddress?.lowercased() == address.lowercased() }
        var parts = cleaned().withoutThirdParties().content.parts
        parts.userIDs.removeAll { !hasAddress($0.userID) }
        guard !parts.userIDs.isEmpty else { return nil }
        parts.userAttributes = []
        parts.unknown = []
        return Certificate(parts)
    }

    /// The smallest certificate that can be encrypted to and verified with: primary key, one user ID, one encryption
    /// subkey, each with its newest self-signature, and signing subkeys where the primary key does not sign. What
    /// Autocrypt carries in every mail.
    ///
    /// - Parameter address: which user ID; nil for the main one.
    /// - Throws: `noUsableKey` where the certificate is not valid, has no such user ID or cannot be encrypted to.
    public func minimal(
        for address: String? = nil, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> Certificate {
        let statuses = keyStatuses(at: time, policy: policy)
        let userID = validUserIDs(at: time, policy: policy).first { userID in
            address.map { userID.emailAddress?.lowercased() == $0.lowercased() } ?? true
        }
        guard let primary = statuses.first, primary.validity.isValid, let userID,
            let encryption = encryptionKeys(at: time, policy: policy).first
        else {
            throw OpenPGPError(
                .noUsableKey, "certificate \(fingerprint.hex) has no valid user ID or encryption key for this")
        }
        let keptKeys = [encryption] + (primary.flags.contains(.sign) ? [] : verificationKeys(at: time, policy: policy))
        let verified = content.selfSignatures
        func newest(_ bindings: [Signature]) -> [Signature] {
            let found = bindings.first { signature in
                signature.isAlive(at: time)
                    && policy.accepts(
                        hash: signature.hash, for: .selfSignature, created: signature.creation, at: time)
            }
            return found.map { [$0] } ?? []
        }
        var parts = CertificateParts(primaryKey: primaryKey)
        parts.direct.signatures = newest(verified.direct.bindings)
        for (index, component) in userIDs.enumerated() where component.userID == userID {
            var kept = UserIDComponent(userID: userID)
            kept.signatures.signatures = newest(verified.userIDs[index].bindings)
            parts.userIDs.append(kept)
        }
        for (index, component) in subkeys.enumerated() where keptKeys.contains(component.key) {
            var kept = SubkeyComponent(key: component.key)
            kept.signatures.signatures = newest(verified.subkeys[index].bindings)
            parts.subkeys.append(kept)
        }
        return Certificate(parts)
    }

    private func filtered(_ isKept: (Signature) -> Bool) -> Certificate {
        var parts = content.parts
        parts.direct.signatures = parts.direct.signatures.filter(isKept)
        for index in parts.userIDs.indices {
            parts.userIDs[index].signatures.signatures = parts.userIDs[index].signatures.signatures.filter(isKept)
        }
        for index in parts.userAttributes.indices {
            parts.userAttributes[index].signatures.signatures =
                parts.userAttributes[index].signatures.signatures.filter(isKept)
        }
        for index in parts.subkeys.indices {
            parts.subkeys[index].signatures.signatures = parts.subkeys[index].signatures.signatures.filter(isKept)
        }
        return Certificate(parts)
    }
}
