import Libcrypto

/// What `SecretCertificate.updated` may add.
public struct KeyUpdateOptions: Sendable, Hashable {
    /// Whether a key that cannot be encrypted to gets a subkey for that.
    public var addsEncryption = true
    /// Whether preferences and features are brought to what this library writes for new keys.
    public var addsCapabilities = true
    /// Whether subkeys that the policy refuses are revoked as superseded.
    public var revokesRefusedSubkeys = false

    /// Everything.
    public init() {}
}

extension SecretCertificate {
    /// The key brought up to date: self-signatures and back-signatures with old hashes are made anew, missing
    /// back-signatures are added, preferences for broken algorithms are dropped. What is in order stays as it is; the end
    /// of the key is not moved.
    ///
    /// Nothing is done to subkeys that are revoked or whose secret part is needed but locked or not here.
    ///
    /// - Throws: `noUsableKey` where the primary key is revoked, expired or too weak: no new signature would help;
    ///   `secretUnavailable`.
    public func updated(
        options: KeyUpdateOptions = KeyUpdateOptions(), at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> SecretCertificate {
        if let reason = policy.weakness(of: certificate.primaryKey, for: .signature, at: time) {
            throw OpenPGPError(.noUsableKey, "the policy refuses the primary key: \(reason)")
        }
        // Judged without dates: the cure for a refused hash is this very call.
        let validity = certificate.validity(at: time, policy: .archive)
        guard validity.isValid else {
            throw OpenPGPError(.noUsableKey, "key \(fingerprint.hex) cannot be brought up to date: \(validity)")
        }
        var result = try edited(at: time) { editor in
            if let direct = editor.direct, let builder = try Self.fresh(direct, options, editor) {
                try editor.addDirect(builder)
            }
            for index in editor.parts.userIDs.indices {
                guard let binding = editor.binding(ofUserID: index),
                    let builder = try Self.fresh(binding, options, editor)
                else { continue }
                try editor.add(builder, toUserID: index)
            }
            for index in editor.parts.subkeys.indices { try renewSubkey(index, in: &editor) }
        }
        if options.addsEncryption, options.addsCapabilities,
            result.certificate.encryptionKeys(at: time.adding(seconds: 1), policy: policy).isEmpty
        {
            result = try result.addingSubkey(certificate.primaryKey.version == 6 ? .rfc9580 : .compatible, at: time)
        }
        return options.revokesRefusedSubkeys ? try result.revokingRefusedSubkeys(at: time, policy: policy) : result
    }

    private func revokingRefusedSubkeys(at time: Timestamp, policy: AlgorithmPolicy) throws -> SecretCertificate {
        let statuses = certificate.keyStatuses(at: time.adding(seconds: 1), policy: .archive).dropFirst()
        return try statuses.filter(\.validity.isValid).reduce(self) { key, status in
            let use: AlgorithmPolicy.KeyUse = status.flags.isDisjoint(with: .encrypt) ? .signature : .encryption
            guard policy.weakness(of: status.key, for: use, at: time) != nil else { return key }
            return try key.revokingSubkey(
                status.key.fingerprint, Revocation(.superseded, text: "too weak by now"), at: time)
        }
    }

    /// The signature to put in the place of one on the primary key or a user ID; nil where it is in order.
    private static func fresh(
        _ old: Signature, _ options: KeyUpdateOptions, _ editor: CertificateEditor
    ) throws -> SignatureBuilder? {
        var builder = try editor.renewal(of: old)
        let before = builder.hashed
        for type in [SubpacketType.preferredSymmetric, .preferredHash] {
            guard let list = before.last(where: { $0.type == type }) else { continue }
            let kept = list.body.filter { isCurrent($0, in: type) }
            if kept.count != list.body.count { builder.hashed.set(Subpacket(type, kept)) }
        }
        if options.addsCapabilities, let features = old.features, !features.contains(.seipdV1) {
            builder.hashed.set(Subpacket(.features, [features.union(.seipdV1).rawValue]))
        }
        return isCurrent(old) && builder.hashed == before ? nil : builder
    }

    private func renewSubkey(_ index: Int, in editor: inout CertificateEditor) throws {
        guard let binding = editor.binding(ofSubkey: index) else { return }
        let subkey = editor.parts.subkeys[index].key
        let signs = subkey.algorithm.canSign && (binding.signature.keyFlags ?? .sign).contains(.sign)
        let isBacked = binding.backs.contains { Self.isCurrent($0) && $0.isAlive(at: editor.time) }
        guard !Self.isCurrent(binding.signature) || signs && !isBacked else { return }
        if signs, try handle(of: subkey) == nil { return }
        try rebind(index, with: try editor.renewal(of: binding.signature), in: &editor)
    }

    private static func isCurrent(_ signature: Signature) -> Bool {
        signature.version >= 4 && isCurrent(signature.hash.rawValue, in: .preferredHash)
    }

    private static func isCurrent(_ algorithm: UInt8, in preference: SubpacketType) -> Bool {
        switch preference {
        case .preferredHash:
            ![HashID.md5, .sha1, .ripemd160].contains(HashID(rawValue: algorithm))
        case .preferredSymmetric:
            ![SymmetricID.plaintext, .idea, .tripleDES, .cast5, .blowfish].contains(SymmetricID(rawValue: algorithm))
        default: true
        }
    }
}
