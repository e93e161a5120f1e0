import Libcrypto

/// Takes the secret numbers of a key packet apart without letting them out of locked memory (RFC 9580 section 5.5.5).
enum SecretNumbers {
    /// The libcrypto key for secret numbers.
    ///
    /// - Throws: `malformed` also where they belong to another public key: the public half is not covered by the
    ///   password's check and may have been exchanged to make signatures that give the secret away.
    static func handle(_ secret: SecretBytes, of key: PublicKey) throws -> PrivateKeyHandle {
        let handle = try unchecked(secret, of: key)
        let isRight: Bool
        switch key.parameters {
        case .eddsaLegacy(_, let point): isRight = Array(point.bytes.dropFirst()) == handle.publicBytes
        case .ecdh(.curve25519Legacy, let point, _): isRight = Array(point.bytes.dropFirst()) == handle.publicBytes
        case .ed25519(let raw), .x25519(let raw), .ed448(let raw), .x448(let raw): isRight = raw == handle.publicBytes
        default: isRight = true
        }
        guard isRight else { throw OpenPGPError(.malformed, "secret and public half of key \(key.keyID.hex) differ") }
        return handle
    }

    private static func unchecked(_ secret: SecretBytes, of key: PublicKey) throws -> PrivateKeyHandle {
        var position = 0
        switch key.parameters {
        case .rsa(let n, let e):
            let d = try number(secret, &position)
            let p = try number(secret, &position)
            let q = try number(secret, &position)
            let u = try number(secret, &position)
            return try PrivateKeyHandle.rsa(n: n.bytes, e: e.bytes, d: d, p: p, q: q, u: u)
        case .ecdsa(let curve, let point), .ecdh(let curve, let point, _):
            if curve == .curve25519Legacy {
                return try PrivateKeyHandle.x25519(scalar: try padded(try number(secret, &position), reversed: true))
            }
            guard let elliptic = curve.elliptic else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(curve) is not supported")
            }
            return try PrivateKeyHandle.ec(elliptic, scalar: try number(secret, &position), point: point.bytes)
        case .eddsaLegacy(let curve, _):
            guard curve == .ed25519Legacy else {
                throw OpenPGPError(.unsupportedAlgorithm, "EdDSA on \(curve) is not supported")
            }
            return try PrivateKeyHandle.ed25519(seed: try padded(try number(secret, &position), reversed: false))
        case .ed25519: return try PrivateKeyHandle.ed25519(seed: try slice(secret, 0..<32))
        case .x25519: return try PrivateKeyHandle.x25519(scalar: try slice(secret, 0..<32))
        case .ed448: return try PrivateKeyHandle.ed448(seed: try slice(secret, 0..<57))
        case .x448: return try PrivateKeyHandle.x448(scalar: try slice(secret, 0..<56))
        default: throw OpenPGPError(.unsupportedAlgorithm, "secret keys of \(key.algorithm) are not supported")
        }
    }

    /// The one number of an ElGamal key.
    static func exponent(_ secret: SecretBytes) throws -> SecretBytes {
        var position = 0
        return try number(secret, &position)
    }

    /// One integer, with its leading zeros if the writer left some.
    private static func number(_ secret: SecretBytes, _ position: inout Int) throws -> SecretBytes {
        let bits = try secret.withBytes { bytes in
            guard let high = bytes.octet(position), let low = bytes.octet(position + 1) else { throw truncated }
            return Int(high) << 8 | Int(low)
        }
        let start = position + 2
        let end = start + (bits + 7) / 8
        position = end
        return try slice(secret, start..<end)
    }

    private static func slice(_ secret: SecretBytes, _ range: Range<Int>) throws -> SecretBytes {
        guard range.upperBound <= secret.count else { throw truncated }
        return secret.withBytes { SecretBytes(copying: $0.extracting(range)) }
    }

    /// 32 octets, zeros put back in front; turned round for the legacy form of X25519.
    private static func padded(_ number: SecretBytes, reversed: Bool) throws -> SecretBytes {
        guard number.count <= 32 else {
            throw OpenPGPError(.malformed, "a secret number of a 25519 key is longer than 32 octets")
        }
        return SecretBytes(count: 32) { span in
            number.withBytes { bytes in
                let offset = 32 - bytes.count
                for index in bytes.indices { span[reversed ? 31 - offset - index : offset + index] = bytes[index] }
            }
        }
    }

    /// A secret as one integer with its bit count, as packets carry it; turned round for the legacy form of X25519.
    static func serialized(_ secret: SecretBytes, reversed: Bool) -> SecretBytes {
        let (bits, skip) = secret.withBytes { bytes in
            var skip = 0
            while skip < bytes.count, bytes[reversed ? bytes.count - 1 - skip : skip] == 0 { skip += 1 }
            guard skip < bytes.count else { return (0, skip) }
            let top = bytes[reversed ? bytes.count - 1 - skip : skip]
            return ((bytes.count - skip) * 8 - top.leadingZeroBitCount, skip)
        }
        return SecretBytes(count: 2 + secret.count - skip) { span in
            span[0] = UInt8(truncatingIfNeeded: bits >> 8)
            span[1] = UInt8(truncatingIfNeeded: bits)
            secret.withBytes { bytes in
                for index in skip..<bytes.count {
                    span[2 + index - skip] = bytes[reversed ? bytes.count - 1 - index : index]
                }
            }
        }
    }

    /// Several secrets, one after the other.
    static func serialized(_ secrets: [SecretBytes]) -> SecretBytes {
        let parts = secrets.map { serialized($0, reversed: false) }
        return SecretBytes(count: parts.reduce(0) { $0 + $1.count }) { span in
            var position = 0
            for part in parts {
                part.withBytes { bytes in for index in bytes.indices { span[position + index] = bytes[index] } }
                position += part.count
            }
        }
    }

    private static var truncated: OpenPGPError { OpenPGPError(.truncated, "the secret numbers of a key end too early") }
}
