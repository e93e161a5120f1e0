import Libcrypto

extension SecretCertificate {
    /// Makes a key: Ed25519Legacy to certify and sign, a Curve25519Legacy subkey to encrypt, version 4, which every
    /// implementation reads. The secret parts are open.
    ///
    /// - Parameters:
    ///   - userIDs: in their order, by custom `Name <address>`; the first is the main one. At least one, each of at
    /// most
    ///     2048 octets.
    ///   - time: creation of keys and signatures.
    ///   - expiration: seconds after which the key ends (1...4294967295); nil for never.
    /// - Throws: `invalidArgument`.
    public static func generate(
        userIDs: [String], at time: Timestamp, expiration: UInt32? = nil
    ) throws -> SecretCertificate {
        guard !userIDs.isEmpty, Set(userIDs).count == userIDs.count, expiration != 0,
            userIDs.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 2048 })
        else { throw OpenPGPError(.invalidArgument, "user IDs must be distinct and neither empty nor too long") }

        let seed = try SecretBytes.random(count: 32)
        let signer = try PrivateKeyHandle.ed25519(seed: seed)
        let primary = try PublicKey(
            creation: time, algorithm: .eddsaLegacy,
            parameters: .eddsaLegacy(curve: .ed25519Legacy, point: MPI([0x40] + signer.publicBytes)))

        let scalar = try clampedScalar()
        let agreement = try PrivateKeyHandle.x25519(scalar: scalar)
        let subkey = try PublicKey(
            creation: time, algorithm: .ecdh,
            parameters: .ecdh(
                curve: .curve25519Legacy, point: MPI([0x40] + agreement.publicBytes),
                kdf: KDFParameters(hash: .sha256, cipher: .aes128)))

        var parts = CertificateParts(primaryKey: primary)
        for (index, text) in userIDs.enumerated() {
            let userID = UserID(bytes: Array(text.utf8))
            var builder = try SignatureBuilder(.positiveCertification, creation: time, issuer: primary)
            builder.hashed += selfSubpackets(flags: [.certify, .sign], expiration: expiration)
            if index == 0 { builder.hashed.append(Subpacket(.primaryUserID, [1])) }
            let signature = try builder.sign(over: .userID(userID.bytes, of: primary), key: primary, handle: signer)
            var component = UserIDComponent(userID: userID)
            component.signatures.signatures = [signature]
            parts.userIDs.append(component)
        }
        var binding = try SignatureBuilder(.subkeyBinding, creation: time, issuer: primary)
        binding.hashed.append(Subpacket(.keyFlags, [KeyFlags.encrypt.rawValue]))
        if let expiration { binding.hashed.append(Subpacket(.keyExpirationTime, Subpacket.octets(of: expiration))) }
        var component = SubkeyComponent(key: subkey)
        component.signatures.signatures = [
            try binding.sign(over: .subkey(subkey, of: primary), key: primary, handle: signer)
        ]
        parts.subkeys.append(component)

        return SecretCertificate(
            certificate: Certificate(parts),
            secrets: [
                primary.fingerprint: SecretKeyMaterial(open: SecretNumbers.serialized(seed, reversed: false)),
                subkey.fingerprint: SecretKeyMaterial(open: SecretNumbers.serialized(scalar, reversed: true)),
            ])
    }

    private static func selfSubpackets(flags: KeyFlags, expiration: UInt32?) -> [Subpacket] {
        let ciphers: [SymmetricID] = [.aes256, .aes192, .aes128]
        let hashes: [HashID] = [.sha512, .sha384, .sha256]
        let compressions: [CompressionID] = [.zlib, .zip, .uncompressed]
        var result = [
            Subpacket(.keyFlags, [flags.rawValue]),
            Subpacket(.preferredSymmetric, ciphers.map(\.rawValue)),
            Subpacket(.preferredHash, hashes.map(\.rawValue)),
            Subpacket(.preferredCompression, compressions.map(\.rawValue)),
            Subpacket(.features, [Features.seipdV1.rawValue]),
            // Key servers must not let others change the key.
            Subpacket(.keyServerPreferences, [0x80]),
        ]
        if let expiration { result.append(Subpacket(.keyExpirationTime, Subpacket.octets(of: expiration))) }
        return result
    }

    /// The legacy form stores the clamped number (RFC 9580 section 5.5.5.6.1.1).
    private static func clampedScalar() throws -> SecretBytes {
        let random = try SecretBytes.random(count: 32)
        return SecretBytes(count: 32) { span in
            random.withBytes { bytes in for index in bytes.indices { span[index] = bytes[index] } }
            span[0] &= 0xF8
            span[31] = span[31] & 0x7F | 0x40
        }
    }
}
