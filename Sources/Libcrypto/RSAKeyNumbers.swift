import COpenSSL

/// The numbers of an RSA key as OpenPGP stores them (RFC 9580 section 5.5.5.1), most significant octet first.
public struct RSAKeyNumbers: Sendable {
    public let n: [UInt8]
    public let e: [UInt8]
    /// The secret numbers have zeros in front up to the length that their kind has.
    public let d: SecretBytes
    /// The smaller prime.
    public let p: SecretBytes
    public let q: SecretBytes
    /// The inverse of `p` modulo `q`.
    public let u: SecretBytes

    /// A fresh key. `bits` is the length of the modulus, 2048 to 8192 and a multiple of 16; throws `invalidParameter` for
    /// others. Takes a tenth of a second to many seconds.
    public static func generate(bits: Int) throws -> RSAKeyNumbers {
        guard (2048...8192).contains(bits), bits % 16 == 0 else {
            throw LibcryptoError(.invalidParameter, "an RSA key of \(bits) bits")
        }
        var parameters = Parameters()
        parameters.integer("bits", UInt32(bits))
        let owner = try KeyOwner.generate("RSA", parameters)
        let size = bits / 8
        // libcrypto puts the larger prime first and inverts the second: its primes change places here.
        let (p, q) = (try owner.number("rsa-factor2", size: size / 2), try owner.number("rsa-factor1", size: size / 2))
        let isOrdered = p.withPointer { p in q.withPointer { q in memcmp(p, q, size / 2) < 0 } }
        guard isOrdered else { throw LibcryptoError(.internalFailure, "libcrypto ordered the RSA primes otherwise") }
        return RSAKeyNumbers(
            n: try owner.publicNumber("n", size: size), e: try owner.publicNumber("e", size: 8),
            d: try owner.number("d", size: size), p: p, q: q,
            u: try owner.number("rsa-coefficient1", size: size / 2))
    }
}
