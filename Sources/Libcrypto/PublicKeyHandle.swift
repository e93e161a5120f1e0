import COpenSSL

/// A public key that libcrypto has parsed: made once, used from any thread.
public final class PublicKeyHandle: Sendable {
    let owner: KeyOwner

    init(_ owner: KeyOwner) { self.owner = owner }

    /// Modulus and exponent, most significant octet first. Throws `invalidParameter`, as the other makers do.
    public static func rsa(n: [UInt8], e: [UInt8]) throws -> PublicKeyHandle {
        guard !n.isEmpty, n.count <= 2048, !e.isEmpty, e.count <= 8 else {
            throw LibcryptoError(.invalidParameter, "RSA modulus of \(n.count), exponent of \(e.count) octets")
        }
        var numbers = Parameters()
        numbers.number("n", n)
        numbers.number("e", e)
        return PublicKeyHandle(try KeyOwner.make("RSA", isPrivate: false, numbers))
    }

    public static func dsa(p: [UInt8], q: [UInt8], g: [UInt8], y: [UInt8]) throws -> PublicKeyHandle {
        guard [p, q, g, y].allSatisfy({ !$0.isEmpty && $0.count <= 1250 }) else {
            throw LibcryptoError(.invalidParameter, "DSA numbers of a wrong size")
        }
        // libcrypto calls every signature by keys with another subgroup wrong instead of saying that it cannot know.
        let order = q.drop { $0 == 0 }
        guard let first = order.first, [20, 28, 32].contains(order.count), first >= 0x80 else {
            throw LibcryptoError(.unsupported, "DSA with a subgroup of \(order.count) octets")
        }
        var numbers = Parameters()
        numbers.number("p", p)
        numbers.number("q", q)
        numbers.number("g", g)
        numbers.number("pub", y)
        return PublicKeyHandle(try KeyOwner.make("DSA", isPrivate: false, numbers))
    }

    /// `point` is 04, x, y; it must lie on the curve.
    public static func ec(_ curve: EllipticCurve, point: [UInt8]) throws -> PublicKeyHandle {
        guard point.count == 2 * curve.fieldSize + 1, point.first == 4 else {
            throw LibcryptoError(.invalidParameter, "point of \(point.count) octets on \(curve)")
        }
        var numbers = Parameters()
        numbers.text("group", curve.libraryName)
        numbers.octets("pub", point)
        return PublicKeyHandle(try KeyOwner.make("EC", isPrivate: false, numbers))
    }

    public static func ed25519(_ raw: [UInt8]) throws -> PublicKeyHandle {
        PublicKeyHandle(try KeyOwner.raw("ED25519", publicKey: raw))
    }

    public static func x25519(_ raw: [UInt8]) throws -> PublicKeyHandle {
        PublicKeyHandle(try KeyOwner.raw("X25519", publicKey: raw))
    }

    /// 57 octets of RFC 8032.
    public static func ed448(_ raw: [UInt8]) throws -> PublicKeyHandle {
        PublicKeyHandle(try KeyOwner.raw("ED448", publicKey: raw))
    }

    /// 56 octets of RFC 7748.
    public static func x448(_ raw: [UInt8]) throws -> PublicKeyHandle {
        PublicKeyHandle(try KeyOwner.raw("X448", publicKey: raw))
    }

    /// PKCS#1 v1.5 (RFC 8017 section 8.2.2) over a digest.
    public func verifyRSA(signature: [UInt8], digest: [UInt8], hash: HashAlgorithm) throws -> Bool {
        guard let method = LibraryContext.digests[hash.rawValue] else {
            throw LibcryptoError(.unsupported, "hash \(hash) is not available")
        }
        return try owner.withContext(for: .verification) { context in
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
                method.withHandle({ EVP_PKEY_CTX_set_signature_md(context, $0) }) == 1
            else { throw LibcryptoError.failure("RSA verification set-up") }
            return Self.verdict(EVP_PKEY_verify(context, signature, signature.count, digest, digest.count))
        }
    }

    /// `r` and `s`, most significant octet first.
    public func verifyECDSA(r: [UInt8], s: [UInt8], digest: [UInt8]) throws -> Bool {
        try verify(DERSignature.encode(r, s), digest)
    }

    public func verifyDSA(r: [UInt8], s: [UInt8], digest: [UInt8]) throws -> Bool {
        try verify(DERSignature.encode(r, s), digest)
    }

    private func verify(_ signature: [UInt8], _ digest: [UInt8]) throws -> Bool {
        // To libcrypto no digest is the number zero, and a signature of zero is easily made without the key.
        guard digest.count >= 16 else { return false }
        return try owner.withContext(for: .verification) { context in
            Self.verdict(EVP_PKEY_verify(context, signature, signature.count, digest, digest.count))
        }
    }

    /// RFC 8032; `signature` has 64 octets.
    public func verifyEd25519(signature: [UInt8], message: [UInt8]) throws -> Bool {
        try verifyEdwards(signature, message)
    }

    /// RFC 8032 without a context; `signature` has 114 octets.
    public func verifyEd448(signature: [UInt8], message: [UInt8]) throws -> Bool {
        try verifyEdwards(signature, message)
    }

    private func verifyEdwards(_ signature: [UInt8], _ message: [UInt8]) throws -> Bool {
        guard let context = EVP_MD_CTX_new() else { throw LibcryptoError.failure("EVP_MD_CTX_new", .resourceExhausted) }
        defer { EVP_MD_CTX_free(context) }
        guard owner.withHandle({ EVP_DigestVerifyInit_ex(context, nil, nil, LibraryContext.shared, nil, $0, nil) }) == 1
        else { throw LibcryptoError.failure("EVP_DigestVerifyInit_ex") }
        return Self.verdict(EVP_DigestVerify(context, signature, signature.count, message, message.count))
    }

    private static func verdict(_ status: Int32) -> Bool {
        if status != 1 { ERR_clear_error() }
        return status == 1
    }

    /// PKCS#1 v1.5 encryption (RFC 8017 section 7.2.1).
    public func encryptRSA(_ plaintext: SecretBytes) throws -> [UInt8] {
        try owner.withContext(for: .encryption) { context in
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 else {
                throw LibcryptoError.failure("RSA encryption set-up")
            }
            return try plaintext.withPointer { plain in
                var count = 0
                guard EVP_PKEY_encrypt(context, nil, &count, plain, plaintext.count) == 1, count > 0 else {
                    throw LibcryptoError.failure("RSA encryption")
                }
                var output = [UInt8](repeating: 0, count: count)
                guard EVP_PKEY_encrypt(context, &output, &count, plain, plaintext.count) == 1 else {
                    throw LibcryptoError.failure("RSA encryption")
                }
                return Array(output.prefix(count))
            }
        }
    }
}
