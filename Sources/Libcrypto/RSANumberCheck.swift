extension PrivateKeyHandle {
    /// Whether n = pq, de = 1 modulo p - 1 and q - 1, and up = 1 modulo q. libcrypto's own check also tests both primes
    /// again, at every set-up of a stored key: 130 ms for 3072 bits, 8 s for 8192.
    package static func belongTogether(
        n: [UInt8], e: [UInt8], d: SecretBytes, p: SecretBytes, q: SecretBytes, u: SecretBytes
    ) throws -> Bool {
        let (n, e) = (try BigNumber(n), try BigNumber(e))
        let (d, p, q, u) = (try BigNumber(d), try BigNumber(p), try BigNumber(q), try BigNumber(u))
        guard try p.times(q).equals(n) else { return false }
        for prime in [p, q] {
            guard try d.times(e).modulo(prime.minusOne()).isOne else { return false }
        }
        return try u.times(p).modulo(q).isOne
    }

    /// d modulo (prime - 1), as long as the prime.
    package static func exponent(_ d: SecretBytes, modulo prime: SecretBytes) throws -> SecretBytes {
        try BigNumber(d).modulo(BigNumber(prime).minusOne()).secret(size: prime.count)
    }
}
