import Libcrypto

extension SecretCertificate {
    /// Makes a key: a primary key to certify and sign, a subkey to encrypt. The secret parts are open.
    ///
    /// - Parameters:
    ///   - profile: algorithms and version.
    ///   - userIDs: in their order, by custom `Name <address>`; the first is the main one. Each of at most 2048 octets. None is
    ///     allowed: what the key may do then stands in a direct-key signature, as it always does in version 6.
    ///   - time: creation of keys and signatures.
    ///   - expiration: seconds after which the key ends (1...4294967295); nil for never.
    ///   - canEncrypt: whether to add the subkey.
    /// - Throws: `invalidArgument`.
    public static func generate(
        profile: KeyProfile = .compatible, userIDs: [String], at time: Timestamp, expiration: UInt32? = nil,
        canEncrypt: Bool = true
    ) throws -> SecretCertificate {
        guard Set(userIDs).count == userIDs.count, expiration != 0,
            userIDs.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 2048 })
        else { throw OpenPGPError(.invalidArgument, "user IDs must be distinct and neither empty nor too long") }

        let primary = try FreshKey(profile, .sign, creation: time)
        var parts = CertificateParts(primaryKey: primary.key)
        let about = selfSubpackets(profile, expiration: expiration)
        // Version 6 says it once, for the key as a whole (RFC 9580 section 10.1.1).
        let isDirect = profile.version == 6 || userIDs.isEmpty
        func signed(_ type: SignatureType, _ subpackets: [Subpacket], over object: SignedObject) throws -> Signature {
            var builder = try SignatureBuilder(type, creation: time, issuer: primary.key)
            builder.hashed += subpackets
            return try builder.sign(over: object, key: primary.key, handle: primary.handle)
        }
        if isDirect { parts.direct.signatures = [try signed(.directKey, about, over: .key(primary.key))] }
        for (index, text) in userIDs.enumerated() {
            var component = UserIDComponent(userID: UserID(bytes: Array(text.utf8)))
            let main = index == 0 ? [Subpacket(.primaryUserID, [1])] : []
            component.signatures.signatures = [
                try signed(
                    .positiveCertification, (isDirect ? [] : about) + main,
                    over: .userID(component.userID.bytes, of: primary.key))
            ]
            parts.userIDs.append(component)
        }
        var secrets = [primary.key.fingerprint: primary.secret]
        if canEncrypt {
            let subkey = try FreshKey(profile, .encrypt, creation: time)
            var component = SubkeyComponent(key: subkey.key)
            component.signatures.signatures = [
                try signed(
                    .subkeyBinding,
                    [Subpacket(.keyFlags, critical: true, [KeyFlags.encrypt.rawValue])] + expiry(expiration),
                    over: .subkey(subkey.key, of: primary.key))
            ]
            parts.subkeys.append(component)
            secrets[subkey.key.fingerprint] = subkey.secret
        }
        return SecretCertificate(certificate: Certificate(parts), secrets: secrets)
    }

    private static func expiry(_ seconds: UInt32?) -> [Subpacket] {
        seconds.map { [Subpacket(.keyExpirationTime, critical: true, Subpacket.octets(of: $0))] } ?? []
    }

    private static func selfSubpackets(_ profile: KeyProfile, expiration: UInt32?) -> [Subpacket] {
        let ciphers: [SymmetricID] = [.aes256, .aes192, .aes128]
        let hashes: [HashID] = [.sha512, .sha384, .sha256]
        let compressions: [CompressionID] = [.zlib, .zip, .uncompressed]
        let suites = [CipherSuite(.aes256, .ocb), .mandatory]
        let flags: KeyFlags = [.certify, .sign]
        let features: Features = profile.version == 6 ? [.seipdV1, .seipdV2] : [.seipdV1]
        var result = [
            Subpacket(.keyFlags, critical: true, [flags.rawValue]),
            Subpacket(.preferredSymmetric, ciphers.map(\.rawValue)),
            Subpacket(.preferredHash, hashes.map(\.rawValue)),
            Subpacket(.preferredCompression, compressions.map(\.rawValue)),
            Subpacket(.features, [features.rawValue]),
            // Key servers must not let others change the key.
            Subpacket(.keyServerPreferences, [0x80]),
        ]
        if profile.version == 6 {
            result.append(Subpacket(.preferredCipherSuites, suites.flatMap { [$0.cipher.rawValue, $0.aead.rawValue] }))
        }
        return result + expiry(expiration)
    }
}
