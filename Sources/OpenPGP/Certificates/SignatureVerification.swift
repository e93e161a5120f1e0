import Libcrypto

extension Signature {
    /// Checks the mathematics of the signature, nothing else: no time, no policy, no key flags.
    ///
    /// - Parameters:
    ///   - digest: a digest of `hash` that has taken in salt and content; the trailer is added here, so that it is used up.
    ///   - key: the key to check with.
    /// - Returns: whether `key` made this signature over the content.
    /// - Throws: `unsupportedAlgorithm` where this library cannot know.
    public func verify(digest: Digest, with key: PublicKey) throws -> Bool {
        guard let value = try digestValue(digest) else { return false }
        return try verify(digestValue: value, with: key)
    }

    /// The digest with the trailer; nil where its first octets are not those that the packet names.
    func digestValue(_ digest: Digest) throws -> [UInt8]? {
        guard digest.algorithm == hash.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(hash) is not supported")
        }
        digest.update(trailer)
        let value = digest.finish()
        return value.starts(with: digestPrefix) ? value : nil
    }

    /// Checks the numbers against a finished digest.
    func verify(digestValue value: [UInt8], with key: PublicKey) throws -> Bool {
        // A version 6 key makes no other signatures, and no other key makes these (section 5.2).
        guard (version == 6) == (key.version == 6) else { return false }
        switch (parameters, key.parameters) {
        case (.rsa(let number), .rsa(let n, _)):
            guard key.algorithm != .rsaEncryptOnly, let padded = number.padded(to: n.bytes.count),
                let algorithm = hash.algorithm
            else { return false }
            return try key.handle().verifyRSA(signature: padded, digest: value, hash: algorithm)
        case (.dsa(let r, let s), .dsa):
            return try key.handle().verifyDSA(r: r.bytes, s: s.bytes, digest: value)
        case (.ecdsa(let r, let s), .ecdsa):
            return try key.handle().verifyECDSA(r: r.bytes, s: s.bytes, digest: value)
        case (.eddsaLegacy(let r, let s), .eddsaLegacy):
            guard let first = r.padded(to: 32), let second = s.padded(to: 32) else { return false }
            return try key.handle().verifyEd25519(signature: first + second, message: value)
        case (.ed25519(let raw), .ed25519):
            guard value.count >= 32 else { return false }
            return try key.handle().verifyEd25519(signature: raw, message: value)
        case (.ed448(let raw), .ed448):
            guard value.count >= 64 else { return false }
            return try key.handle().verifyEd448(signature: raw, message: value)
        case (.unknown, .unknown):
            throw OpenPGPError(.unsupportedAlgorithm, "\(publicKeyAlgorithm) signatures are not supported")
        default: return false
        }
    }

    /// The digest over a part of a certificate; nil where it cannot be right.
    func digestValue(over object: SignedObject) -> [UInt8]? {
        guard let algorithm = hash.algorithm, let digest = try? Digest(algorithm, refusingCollisions: true)
        else { return nil }
        digest.update(salt)
        object.hash(into: digest, version: version)
        return (try? digestValue(digest)) ?? nil
    }
}

/// What a signature inside a certificate covers (RFC 9580 section 5.2.4).
enum SignedObject {
    /// The primary key alone: direct-key signatures and key revocations.
    case key(PublicKey)
    /// Primary key and subkey: bindings in both directions and subkey revocations.
    case subkey(PublicKey, of: PublicKey)
    case userID([UInt8], of: PublicKey)
    case userAttribute([UInt8], of: PublicKey)

    func hash(into digest: Digest, version: UInt8 = 4) {
        switch self {
        case .key(let key): key.hash(into: digest)
        case .subkey(let subkey, let primary):
            primary.hash(into: digest)
            subkey.hash(into: digest)
        case .userID(let bytes, let primary):
            primary.hash(into: digest)
            Self.hash(0xB4, bytes, into: digest, version: version)
        case .userAttribute(let bytes, let primary):
            primary.hash(into: digest)
            Self.hash(0xD1, bytes, into: digest, version: version)
        }
    }

    private static func hash(_ prefix: UInt8, _ bytes: [UInt8], into digest: Digest, version: UInt8) {
        // Signatures of version 3 cover the user ID without prefix and length.
        if version >= 4 { digest.update([prefix] + Subpacket.octets(of: UInt32(truncatingIfNeeded: bytes.count))) }
        digest.update(bytes)
    }
}
