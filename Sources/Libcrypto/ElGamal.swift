import COpenSSL

/// ElGamal as old OpenPGP keys use it (RFC 9580 section 5.1.4); only for reading. Numbers are most significant octet first.
public enum ElGamal {
    /// The session key in a ciphertext, with the promise of `PrivateKeyHandle.decryptSessionKey`: whatever is wrong inside
    /// gives another key, always the same. Throws `invalidParameter` for numbers that cannot be.
    public static func decryptSessionKey(c1: [UInt8], c2: [UInt8], p: [UInt8], x: SecretBytes) throws -> (
        algorithm: UInt8, key: SecretBytes
    ) {
        let encoded = try decrypt(c1: c1, c2: c2, p: p, x: x)
        let rejection = try ImplicitRejection(x, label: "guardd ElGamal implicit rejection")
        return try rejection.sessionKey(in: encoded, of: padded(c1, encoded.count) + padded(c2, encoded.count))
    }

    /// Whether `g` generates so few numbers (less than 131,000) that a ciphertext gives its content or the key away.
    /// Found by small and large steps, some 700 multiplications.
    public static func hasSmallSubgroup(p: [UInt8], g: [UInt8]) throws -> Bool {
        let (modulus, generator) = (try BigNumber(p), try BigNumber(g))
        guard !modulus.isZero, !generator.isZero, generator.isLess(than: modulus), !generator.isOne else { return true }
        let size = p.count
        let steps = 362
        var small: Set<[UInt8]> = []
        var power = try BigNumber([1])
        for _ in 0..<steps {
            guard small.insert(try power.octets(size: size)).inserted else { return true }
            power = try power.times(generator).modulo(modulus)
        }
        // `power` is g^362 by now.
        let stride = power
        for _ in 0..<steps {
            if small.contains(try power.octets(size: size)) { return true }
            power = try power.times(stride).modulo(modulus)
        }
        return false
    }

    /// c2 / c1^x modulo p, as long as p.
    static func decrypt(c1: [UInt8], c2: [UInt8], p: [UInt8], x: SecretBytes) throws -> SecretBytes {
        let p = p.drop { $0 == 0 }
        guard p.count >= 64, p.count <= 2048, p.last.map({ $0 & 1 == 1 }) == true, x.count > 0, x.count <= p.count,
            c1.count <= 2048, c2.count <= 2048
        else { throw LibcryptoError(.invalidParameter, "ElGamal numbers of a wrong size") }
        let (modulus, first, second) = (try BigNumber(Array(p)), try BigNumber(c1), try BigNumber(c2))
        let (secret, exponent, result) = (try BigNumber(x), try BigNumber(Array(p)), try BigNumber())
        guard !first.isZero, !second.isZero, first.isLess(than: modulus), second.isLess(than: modulus), !secret.isZero
        else { throw LibcryptoError(.invalidParameter, "ElGamal numbers out of range") }
        guard let context = BN_CTX_secure_new() else { throw LibcryptoError.failure("BN_CTX_new", .resourceExhausted) }
        defer { BN_CTX_free(context) }
        guard let montgomery = BN_MONT_CTX_new() else {
            throw LibcryptoError.failure("BN_MONT_CTX_new", .resourceExhausted)
        }
        defer { BN_MONT_CTX_free(montgomery) }
        // c1^(p - 1 - x) is the inverse of c1^x, and an exponent as long as p says nothing about a short x.
        let isInRange = exponent.withHandle { exponent in
            secret.withHandle { secret in
                BN_sub_word(exponent, 1) == 1 && BN_sub(exponent, exponent, secret) == 1
                    && BN_is_negative(exponent) == 0 && BN_is_zero(exponent) == 0
            }
        }
        guard isInRange else { throw LibcryptoError.failure("ElGamal key", .invalidParameter) }
        let done = modulus.withHandle { modulus in
            first.withHandle { first in
                second.withHandle { second in
                    exponent.withHandle { exponent in
                        result.withHandle { result in
                            BN_set_flags(exponent, BN_FLG_CONSTTIME)
                            return BN_MONT_CTX_set(montgomery, modulus, context) == 1
                                && BN_mod_exp_mont_consttime(result, first, exponent, modulus, context, montgomery) == 1
                                // One factor in Montgomery form gives the plain product.
                                && BN_to_montgomery(second, second, montgomery, context) == 1
                                && BN_mod_mul_montgomery(result, result, second, montgomery, context) == 1
                        }
                    }
                }
            }
        }
        guard done else { throw LibcryptoError.failure("ElGamal decryption") }
        return try result.secret(size: p.count)
    }

    private static func padded(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        let bytes = bytes.drop { $0 == 0 }
        return [UInt8](repeating: 0, count: max(size - bytes.count, 0)) + bytes
    }
}
