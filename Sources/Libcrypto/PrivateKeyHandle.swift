import COpenSSL

/// A private key that libcrypto has parsed: made once, used from any thread, cleansed when the last reference goes.
public final class PrivateKeyHandle: Sendable {
    private let owner: KeyOwner
    /// What a wrong RSA ciphertext is answered with, instead of an error, is derived from this (RSA keys only).
    private let rejectionKey: SecretBytes?

    private init(_ owner: KeyOwner, rejectionKey: SecretBytes? = nil) {
        self.owner = owner
        self.rejectionKey = rejectionKey
    }

    /// The numbers of OpenPGP: `u` is the inverse of `p` modulo `q`. Throws `invalidParameter`, as the other makers do.
    public static func rsa(
        n: [UInt8], e: [UInt8], d: SecretBytes, p: SecretBytes, q: SecretBytes, u: SecretBytes
    ) throws -> PrivateKeyHandle {
        guard !n.isEmpty, n.count <= 2048, !e.isEmpty, e.count <= 8, d.count <= n.count, d.count > 0,
            p.count + q.count <= n.count + 1, p.count > 0, q.count > 0
        else { throw LibcryptoError(.invalidParameter, "RSA numbers of a wrong size") }
        var numbers = KeyNumbers()
        numbers.number("n", n)
        numbers.number("e", e)
        numbers.number("d", d)
        // libcrypto wants the inverse of the second prime modulo the first: our primes change places.
        numbers.number("rsa-factor1", q)
        numbers.number("rsa-factor2", p)
        numbers.number("rsa-exponent1", try exponent(d, modulo: q))
        numbers.number("rsa-exponent2", try exponent(d, modulo: p))
        numbers.number("rsa-coefficient1", u)
        let owner = try KeyOwner.make("RSA", isPrivate: true, numbers)
        let label = Array("guardd RSA implicit rejection".utf8)
        let handle = PrivateKeyHandle(owner, rejectionKey: SecretBytes(copying: try HMAC.sha256(key: d, label)))
        guard try belongTogether(n: n, e: e, d: d, p: p, q: q, u: u) else {
            throw LibcryptoError(.invalidParameter, "the numbers of an RSA key do not belong together")
        }
        return handle
    }

    /// Whether n = pq, de = 1 modulo p - 1 and q - 1, and up = 1 modulo q. libcrypto's own check also tests both primes
    /// again, at every set-up of a stored key: 130 ms for 3072 bits, 8 s for 8192.
    package static func belongTogether(
        n: [UInt8], e: [UInt8], d: SecretBytes, p: SecretBytes, q: SecretBytes, u: SecretBytes
    ) throws -> Bool {
        let failure = LibcryptoError(.resourceExhausted, "the check of an RSA key failed")
        guard let context = BN_CTX_secure_new() else { throw failure }
        var owned: [OpaquePointer] = []
        defer {
            for number in owned { BN_clear_free(number) }
            BN_CTX_free(context)
        }
        func own(_ number: OpaquePointer?) throws -> OpaquePointer {
            guard let number else { throw failure }
            owned.append(number)
            return number
        }
        func number(_ secret: SecretBytes) throws -> OpaquePointer {
            let number = try own(secret.withPointer { BN_bin2bn($0, Int32(secret.count), nil) })
            BN_set_flags(number, BN_FLG_CONSTTIME)
            return number
        }
        let modulus = try own(BN_bin2bn(n, Int32(n.count), nil))
        let exponent = try own(BN_bin2bn(e, Int32(e.count), nil))
        let (d, p, q, u) = (try number(d), try number(p), try number(q), try number(u))
        let (product, rest, less) = (try own(BN_new()), try own(BN_new()), try own(BN_new()))
        guard BN_mul(product, p, q, context) == 1 else { throw failure }
        guard BN_cmp(product, modulus) == 0 else { return false }
        for prime in [p, q] {
            guard BN_copy(less, prime) != nil, BN_sub_word(less, 1) == 1, BN_is_zero(less) == 0,
                BN_mul(product, d, exponent, context) == 1, BN_div(nil, rest, product, less, context) == 1
            else { throw failure }
            guard BN_is_one(rest) == 1 else { return false }
        }
        guard BN_mul(product, u, p, context) == 1, BN_div(nil, rest, product, q, context) == 1 else { throw failure }
        return BN_is_one(rest) == 1
    }

    /// d mod (prime - 1).
    package static func exponent(_ d: SecretBytes, modulo prime: SecretBytes) throws -> SecretBytes {
        let failure = LibcryptoError(.resourceExhausted, "BN_mod failed")
        guard let context = BN_CTX_secure_new() else { throw failure }
        defer { BN_CTX_free(context) }
        let dividend = d.withPointer { BN_bin2bn($0, Int32(d.count), nil) }
        let divisor = prime.withPointer { BN_bin2bn($0, Int32(prime.count), nil) }
        let result = BN_new()
        defer { [dividend, divisor, result].forEach { BN_clear_free($0) } }
        guard let dividend, let divisor, let result, BN_sub_word(divisor, 1) == 1, BN_is_zero(divisor) == 0 else {
            throw failure
        }
        BN_set_flags(dividend, BN_FLG_CONSTTIME)
        guard BN_div(nil, result, dividend, divisor, context) == 1 else {
            throw LibcryptoError.failure("BN_div", .invalidParameter)
        }
        return try SecretBytes(
            raw: prime.count,
            unsafe: { output in
                guard BN_bn2binpad(result, output, Int32(prime.count)) == Int32(prime.count) else { throw failure }
            })
    }

    /// `scalar` and `point` (04, x, y) must belong together.
    public static func ec(_ curve: EllipticCurve, scalar: SecretBytes, point: [UInt8]) throws -> PrivateKeyHandle {
        guard point.count == 2 * curve.fieldSize + 1, point.first == 4, scalar.count <= curve.fieldSize,
            scalar.count > 0
        else { throw LibcryptoError(.invalidParameter, "key of a wrong size on \(curve)") }
        var numbers = KeyNumbers()
        numbers.name("group", curve.libraryName)
        numbers.octets("pub", point)
        numbers.number("priv", scalar)
        let owner = try KeyOwner.make("EC", isPrivate: true, numbers)
        try owner.withContext { context in
            guard EVP_PKEY_pairwise_check(context) == 1 else {
                throw LibcryptoError.failure("the check of the EC key", .invalidParameter)
            }
        }
        return PrivateKeyHandle(owner)
    }

    /// 32 octets of RFC 8032.
    public static func ed25519(seed: SecretBytes) throws -> PrivateKeyHandle {
        PrivateKeyHandle(try KeyOwner.raw("ED25519", privateKey: seed))
    }

    /// 57 octets of RFC 8032.
    public static func ed448(seed: SecretBytes) throws -> PrivateKeyHandle {
        PrivateKeyHandle(try KeyOwner.raw("ED448", privateKey: seed))
    }

    /// 32 octets of RFC 7748, least significant first.
    public static func x25519(scalar: SecretBytes) throws -> PrivateKeyHandle {
        PrivateKeyHandle(try KeyOwner.raw("X25519", privateKey: scalar))
    }

    /// 56 octets of RFC 7748, least significant first.
    public static func x448(scalar: SecretBytes) throws -> PrivateKeyHandle {
        PrivateKeyHandle(try KeyOwner.raw("X448", privateKey: scalar))
    }

    /// A fresh key for one key agreement.
    public static func generateX25519() throws -> PrivateKeyHandle {
        try x25519(scalar: SecretBytes.random(count: 32))
    }

    /// A fresh key for one key agreement.
    public static func generateX448() throws -> PrivateKeyHandle {
        try x448(scalar: SecretBytes.random(count: 56))
    }

    /// A fresh key for one key agreement.
    public static func generateEC(_ curve: EllipticCurve) throws -> PrivateKeyHandle {
        PrivateKeyHandle(try KeyOwner.generate("EC", .string("group", curve.libraryName)))
    }

    /// The public key: raw octets, or 04 and both coordinates.
    public var publicBytes: [UInt8] { (try? owner.encodedPublicKey()) ?? [] }

    /// PKCS#1 v1.5 (RFC 8017 section 8.2.1) over a digest.
    public func signRSA(digest: [UInt8], hash: HashAlgorithm) throws -> [UInt8] {
        guard let method = LibraryContext.digests[hash.rawValue] else {
            throw LibcryptoError(.unsupported, "hash \(hash) is not available")
        }
        return try sign(digest) { context in
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
                && method.withHandle { EVP_PKEY_CTX_set_signature_md(context, $0) } == 1
        }
    }

    /// Most significant octets first, without leading zeros.
    public func signECDSA(digest: [UInt8]) throws -> (r: [UInt8], s: [UInt8]) {
        guard let pair = DERSignature.decode(try sign(digest) { _ in true }) else {
            throw LibcryptoError(.internalFailure, "libcrypto made no ECDSA signature")
        }
        return pair
    }

    private func sign(_ digest: [UInt8], _ prepare: (OpaquePointer) -> Bool) throws -> [UInt8] {
        try owner.withContext { context in
            var count = 0
            guard EVP_PKEY_sign_init(context) == 1, prepare(context),
                EVP_PKEY_sign(context, nil, &count, digest, digest.count) == 1
            else { throw LibcryptoError.failure("signature set-up") }
            var output = [UInt8](repeating: 0, count: count)
            guard EVP_PKEY_sign(context, &output, &count, digest, digest.count) == 1 else {
                throw LibcryptoError.failure("signing")
            }
            return Array(output.prefix(count))
        }
    }

    /// RFC 8032: 64 octets.
    public func signEd25519(message: [UInt8]) throws -> [UInt8] { try signEdwards(message, size: 64) }

    /// RFC 8032 without a context: 114 octets.
    public func signEd448(message: [UInt8]) throws -> [UInt8] { try signEdwards(message, size: 114) }

    private func signEdwards(_ message: [UInt8], size: Int) throws -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw LibcryptoError.failure("EVP_MD_CTX_new", .resourceExhausted) }
        defer { EVP_MD_CTX_free(context) }
        guard owner.withHandle({ EVP_DigestSignInit_ex(context, nil, nil, LibraryContext.shared, nil, $0, nil) }) == 1
        else { throw LibcryptoError.failure("EVP_DigestSignInit_ex") }
        var output = [UInt8](repeating: 0, count: size)
        var count = size
        guard EVP_DigestSign(context, &output, &count, message, message.count) == 1, count == size else {
            throw LibcryptoError.failure("EVP_DigestSign")
        }
        return output
    }

    /// The shared secret with `peer`, a key on the same curve. Throws `invalidParameter` where there is none, as for a
    /// point of small order, whose secret everybody knows (RFC 7748 section 6).
    public func agree(with peer: PublicKeyHandle) throws -> SecretBytes {
        try owner.withContext { context in
            var count = 0
            guard EVP_PKEY_derive_init(context) == 1,
                peer.owner.withHandle({ EVP_PKEY_derive_set_peer(context, $0) }) == 1,
                EVP_PKEY_derive(context, nil, &count) == 1, count > 0, count <= 66
            else { throw LibcryptoError.failure("key agreement", .invalidParameter) }
            return try SecretBytes(
                raw: count,
                unsafe: { output in
                    guard EVP_PKEY_derive(context, output, &count) == 1 else {
                        throw LibcryptoError.failure("key agreement", .invalidParameter)
                    }
                })
        }
    }

    /// The session key in `ciphertext` (RFC 9580 section 5.1.3, PKCS#1 v1.5). Where padding, algorithm or checksum is wrong it
    /// is another one, always the same for the same ciphertext: from the outside nothing tells which happened. Throws only
    /// for what anybody can see: a ciphertext of a wrong size, a key that is not RSA.
    public func decryptSessionKey(_ ciphertext: [UInt8]) throws -> (algorithm: UInt8, key: SecretBytes) {
        let (encoded, fake) = try rawDecryption(ciphertext)
        var length: UInt32 = 0
        let found = SecretBytes(
            raw: 33,
            unsafe: { output in
                length = encoded.withPointer { encoded in
                    fake.withPointer { guardd_unpad_session_key(encoded, ciphertext.count, $0, output) }
                }
            })
        guard let key = found.slice(1..<1 + Int(length)) else {
            throw LibcryptoError(.internalFailure, "no session key")
        }
        return (found.withBytes { $0[0] }, key)
    }

    /// The same for a session key of a known size (16...32 octets) that stands without its algorithm, as in packets of
    /// version 6.
    public func decryptSessionKey(_ ciphertext: [UInt8], size: Int) throws -> SecretBytes {
        guard (1...32).contains(size) else {
            throw LibcryptoError(.invalidParameter, "a session key of \(size) octets")
        }
        let (encoded, fake) = try rawDecryption(ciphertext)
        return SecretBytes(
            raw: size,
            unsafe: { output in
                encoded.withPointer { encoded in
                    fake.withPointer { guardd_unpad_known_key(encoded, ciphertext.count, size, $0, output) }
                }
            })
    }

    /// RSA without any unpadding, and what stands in for a session key where the padding is wrong.
    private func rawDecryption(_ ciphertext: [UInt8]) throws -> (encoded: SecretBytes, fake: SecretBytes) {
        guard let rejectionKey else { throw LibcryptoError(.invalidParameter, "the key is not an RSA key") }
        let fake = SecretBytes(copying: try HMAC.sha256(key: rejectionKey, ciphertext))
        let encoded: SecretBytes = try owner.withContext { context in
            guard EVP_PKEY_decrypt_init(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 else {
                throw LibcryptoError.failure("RSA decryption set-up")
            }
            return try SecretBytes(
                raw: ciphertext.count,
                unsafe: { output in
                    var count = ciphertext.count
                    guard EVP_PKEY_decrypt(context, output, &count, ciphertext, ciphertext.count) == 1,
                        count == ciphertext.count
                    else { throw LibcryptoError.failure("RSA decryption", .invalidParameter) }
                })
        }
        return (encoded, fake)
    }
}
