import Libcrypto

extension SessionKey {
    /// The body of a Public-Key Encrypted Session Key packet (RFC 9580 section 5.1).
    ///
    /// - Parameter version: 3 in front of version 1 protected data, 6 in front of version 2.
    func sealed(for recipient: EncryptionRecipient, version: UInt8) throws -> [UInt8] {
        let key = recipient.key
        var body: [UInt8] = [version]
        if version == 6 {
            let name = recipient.isHidden ? [] : [key.version] + key.fingerprint.bytes
            body += [UInt8(clamping: name.count)] + name
        } else {
            body += (recipient.isHidden ? KeyID.wildcard : key.keyID).bytes
        }
        body.append(key.algorithm.rawValue)
        // Version 6 leaves the cipher to the container.
        let named = version != 6
        switch key.parameters {
        case .rsa where key.algorithm != .rsaSignOnly:
            MPI(try key.handle().encryptRSA(encoded(withAlgorithm: named, padded: false))).serialize(into: &body)
        case .ecdh: try sealECDH(for: key, withAlgorithm: named, into: &body)
        case .x25519(let raw):
            try seal(.x25519, for: key, raw, try PrivateKeyHandle.generateX25519(), named, into: &body)
        case .x448(let raw):
            try seal(.x448, for: key, raw, try PrivateKeyHandle.generateX448(), named, into: &body)
        default:
            throw OpenPGPError(.unsupportedAlgorithm, "encryption to \(key.algorithm) key \(key.keyID.hex)")
        }
        return body
    }

    /// Section 11.5: an ephemeral key, and the session key wrapped under what both sides can derive.
    private func sealECDH(for key: PublicKey, withAlgorithm named: Bool, into body: inout [UInt8]) throws {
        guard case .ecdh(let curve, _, let kdf) = key.parameters else {
            throw OpenPGPError(.malformed, "ECDH key \(key.keyID.hex) has no usable parameters")
        }
        let ephemeral: PrivateKeyHandle
        let point: [UInt8]
        if curve == .curve25519Legacy {
            ephemeral = try PrivateKeyHandle.generateX25519()
            point = [0x40] + ephemeral.publicBytes
        } else if let elliptic = curve.elliptic {
            ephemeral = try PrivateKeyHandle.generateEC(elliptic)
            point = ephemeral.publicBytes
        } else {
            throw OpenPGPError(.unsupportedAlgorithm, "encryption to a key on \(curve) is not supported")
        }
        let shared = try ephemeral.agree(with: key.handle())
        let kek = try kdf.keyEncryptionKey(shared: shared, curve: curve, fingerprint: key.fingerprint)
        let wrapped = try AESKeyWrap.wrap(encoded(withAlgorithm: named, padded: true), kek: kek)
        MPI(point).serialize(into: &body)
        body.append(UInt8(clamping: wrapped.count))
        body += wrapped
    }

    /// Sections 5.1.6 and 5.1.7.
    private func seal(
        _ scheme: MontgomeryScheme, for key: PublicKey, _ raw: [UInt8], _ ephemeral: PrivateKeyHandle, _ named: Bool,
        into body: inout [UInt8]
    ) throws {
        let point = ephemeral.publicBytes
        let shared = try ephemeral.agree(with: key.handle())
        let kek = try scheme.keyEncryptionKey(shared: shared, ephemeral: point, recipient: raw)
        let wrapped = try AESKeyWrap.wrap(self.key, kek: kek)
        body += point
        body.append(UInt8(clamping: wrapped.count + (named ? 1 : 0)))
        if named { body.append(algorithm.rawValue) }
        body += wrapped
    }
}
