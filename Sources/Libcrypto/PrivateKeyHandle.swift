import COpenSSL

/// A private key that libcrypto has parsed: made once, used from any thread, cleansed when the last reference goes.
public final class PrivateKeyHandle: Sendable {
    private let owner: KeyOwner
    /// RSA keys only.
    private let rejection: ImplicitRejection?

    private init(_ owner: KeyOwner, rejection: ImplicitRejection? = nil) {
        self.owner = owner
        self.rejection = rejection
    }

    /// The numbers of OpenPGP: `u` is the inverse of `p` modulo `q`. Throws `invalidParameter`, as the other makers do.
    public static func rsa(
        n: [UInt8], e: [UInt8], d: SecretBytes, p: SecretBytes, q: SecretBytes, u: SecretBytes
    ) throws -> PrivateKeyHandle {
        guard !n.isEmpty, n.count <= 2048, !e.isEmpty, e.count <= 8, d.count <= n.count, d.count > 0,
            p.count + q.count <= n.count + 1, p.count > 0, q.count > 0
        else { throw LibcryptoError(.invalidParameter, "RSA numbers of a wrong size") }
        var numbers = Parameters()
        numbers.number("n", n)
        numbers.number("e", e)
        numbers.number("d", d)
        // libcrypto wants the inverse of the second prime modulo the first: our primes change places.
        numbers.number("rsa-factor1", q)
        numbers.number("rsa-factor2", p)
        numbers.number("rsa-exponent1", try exponent(d, modulo: q))
        numbers.number("rsa-exponent2", try exponent(d, modulo: p))
        numbers.number("rsa-coefficient1", u)
        guard try belongTogether(n: n, e: e, d: d, p: p, q: q, u: u) else {
            throw LibcryptoError(.invalidParameter, "the numbers of an RSA key do not belong together")
        }
        return PrivateKeyHandle(
            try KeyOwner.make("RSA", isPrivate: true, numbers),
            rejection: try ImplicitRejection(d, label: "guardd RSA implicit rejection"))
    }

    /// `scalar` and `point` (04, x, y) must belong together.
    public static func ec(_ curve: EllipticCurve, scalar: SecretBytes, point: [UInt8]) throws -> PrivateKeyHandle {
        guard point.count == 2 * curve.fieldSize + 1, point.first == 4, scalar.count <= curve.fieldSize,
            scalar.count > 0
        else { throw LibcryptoError(.invalidParameter, "key of a wrong size on \(curve)") }
        var numbers = Parameters()
        numbers.text("group", curve.libraryName)
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
        PrivateKeyHandle(try KeyOwner.generate("EC", Parameters("group", curve.libraryName)))
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
        try owner.withContext(for: .signing) { context in
            var count = 0
            guard prepare(context), EVP_PKEY_sign(context, nil, &count, digest, digest.count) == 1
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
        try owner.withSigningContext { context in
            var output = [UInt8](repeating: 0, count: size)
            var count = size
            guard EVP_DigestSign(context, &output, &count, message, message.count) == 1, count == size else {
                throw LibcryptoError.failure("EVP_DigestSign")
            }
            return output
        }
    }

    /// The shared secret with `peer`, a key on the same curve. Throws `invalidParameter` where there is none, as for a
    /// point of small order, whose secret everybody knows (RFC 7748 section 6).
    public func agree(with peer: PublicKeyHandle) throws -> SecretBytes {
        try owner.withContext(for: .agreement) { context in
            var count = 0
            guard peer.owner.withHandle({ EVP_PKEY_derive_set_peer(context, $0) }) == 1,
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
        let (encoded, rejection) = try rawDecryption(ciphertext)
        return try rejection.sessionKey(in: encoded, of: ciphertext)
    }

    /// The same for a session key of a known size (16...32 octets) that stands without its algorithm, as in packets of
    /// version 6.
    public func decryptSessionKey(_ ciphertext: [UInt8], size: Int) throws -> SecretBytes {
        let (encoded, rejection) = try rawDecryption(ciphertext)
        return try rejection.sessionKey(in: encoded, of: ciphertext, size: size)
    }

    /// RSA without any unpadding.
    private func rawDecryption(_ ciphertext: [UInt8]) throws -> (encoded: SecretBytes, rejection: ImplicitRejection) {
        guard let rejection else { throw LibcryptoError(.invalidParameter, "the key is not an RSA key") }
        let encoded: SecretBytes = try owner.withContext(for: .decryption) { context in
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 else {
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
        return (encoded, rejection)
    }
}
