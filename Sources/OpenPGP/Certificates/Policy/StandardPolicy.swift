extension AlgorithmPolicy {
    /// The built-in policy. It follows RFC 9580 sections 9 and 12 and sequoia's built-in policy, with one difference:
    /// sequoia ended SHA-1 in self-signatures in February 2023 because a second preimage might come. None has, and the
    /// alternative here is often mail in clear text; so they count until 2030 if they say to be older than 2024-01-19,
    /// the day from which GnuPG and RNP refuse new ones.
    public static let standard: AlgorithmPolicy = {
        var policy = AlgorithmPolicy()
        policy.hashes.set(
            [.sha224, .sha256, .sha384, .sha512, .sha3_256, .sha3_512], for: HashUse.allCases, to: .always)
        policy.hashes.set(
            [.sha1, .ripemd160], for: [.selfSignature],
            to: .until(february2030, madeBefore: Timestamp(1_705_622_400)))
        policy.hashes.set([.sha1, .ripemd160], for: [.revocation], to: .always)

        policy.ciphers.set(
            [.aes128, .aes192, .aes256, .camellia128, .camellia192, .camellia256], for: CipherUse.allCases, to: .always)
        // Nobody breaks these two in mail, and old mail is read for long; the ones before them are refused by all.
        policy.ciphers.set([.blowfish, .twofish], for: [.decryption], to: .always)
        policy.aeadModes.set([.eax, .ocb, .gcm], for: CipherUse.allCases, to: .always)

        policy.keys.set(
            [
                .rsa2048, .rsa3072, .rsa4096, .nistP256, .nistP384, .nistP521, .brainpoolP256, .brainpoolP384,
                .brainpoolP512, .curve25519, .curve448,
            ], for: KeyUse.allCases, to: .always)
        policy.keys.set([.dsa2048, .dsa3072], for: [.signature], to: .until(february2030))
        return policy
    }()

    /// A policy that takes everything but MD5 and keys below 1024 bits, to look into archives.
    public static let archive: AlgorithmPolicy = {
        var policy = standard
        policy.hashes.set([.sha1, .ripemd160], for: HashUse.allCases, to: .always)
        policy.ciphers.set([.idea, .tripleDES, .cast5], for: [.decryption], to: .always)
        policy.keys.set([.rsa1024], for: KeyUse.allCases, to: .always)
        policy.keys.set([.dsa1024, .dsa2048, .dsa3072], for: [.signature], to: .always)
        policy.keys.set([.elgamal1024, .elgamal2048, .elgamal3072], for: [.encryption], to: .always)
        return policy
    }()

    /// 2030-02-01, when sequoia's table ends what is not broken but old.
    private static let february2030 = Timestamp(1_896_134_400)
}
