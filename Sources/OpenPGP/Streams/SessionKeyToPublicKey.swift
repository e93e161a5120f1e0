import Libcrypto

extension SessionKey {
    /// The body of a version 3 Public-Key Encrypted Session Key packet (RFC 9580 section 5.1.1).
    func sealed(for recipient: EncryptionRecipient) throws -> [UInt8] {
        let key = recipient.key
        let id = recipient.isHidden ? KeyID.wildcard : key.keyID
        var body: [UInt8] = [3]
        body += id.bytes
        body.append(key.algorithm.rawValue)
        switch key.algorithm {
        case .rsa, .rsaEncryptOnly:
            MPI(try key.handle().encryptRSA(encoded(padded: false))).serialize(into: &body)
        case .ecdh:
            try sealECDH(for: key, into: &body)
        default:
            throw OpenPGPError(.unsupportedAlgorithm, "encryption to \(key.algorithm) key \(key.keyID.hex)")
        }
        return body
    }

    /// Section 11.5: an ephemeral key, and the session key wrapped under what both sides can derive.
    private func sealECDH(for key: PublicKey, into body: inout [UInt8]) throws {
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
        let wrapped = try AESKeyWrap.wrap(encoded(padded: true), kek: kek)
        MPI(point).serialize(into: &body)
        body.append(UInt8(clamping: wrapped.count))
        body += wrapped
    }
}
