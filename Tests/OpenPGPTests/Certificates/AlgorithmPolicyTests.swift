import Libcrypto
import OpenPGP
import Testing

@Suite struct AlgorithmPolicyTests {
    private static let now = Timestamp(1_790_000_000)
    private static let old = Timestamp(1_400_000_000)
    private static let year2031 = Timestamp(1_925_000_000)

    @Test func datesAreThoseOfTheJudgement() {
        let policy = AlgorithmPolicy.standard
        // Whatever the signer says: a signature that claims to be old is judged by today's rules.
        #expect(!policy.accepts(hash: .sha1, for: .dataSignature, created: Self.old, at: Self.now))
        #expect(policy.accepts(hash: .sha1, for: .selfSignature, created: Self.old, at: Self.now))
        #expect(!policy.accepts(hash: .sha1, for: .selfSignature, created: Self.old, at: Self.year2031))
        #expect(!policy.accepts(hash: .sha1, for: .selfSignature, created: Self.now, at: Self.now))
        #expect(!policy.accepts(hash: .sha1, for: .selfSignature, created: nil, at: Self.now))
        #expect(policy.accepts(hash: .sha1, for: .revocation, created: Self.now, at: Self.year2031))
    }

    @Test func whatIsBrokenNeverCounts() {
        var policy = AlgorithmPolicy.archive
        policy.hashes.set([.md5], for: AlgorithmPolicy.HashUse.allCases, to: .always)
        policy.ciphers.set([.plaintext], for: AlgorithmPolicy.CipherUse.allCases, to: .always)
        for use in AlgorithmPolicy.HashUse.allCases {
            #expect(!policy.accepts(hash: .md5, for: use, created: Self.old, at: Self.old))
            #expect(!policy.accepts(hash: HashID(rawValue: 99), for: use, created: Self.old, at: Self.old))
        }
        for use in AlgorithmPolicy.CipherUse.allCases {
            #expect(!policy.accepts(cipher: .plaintext, for: use, at: Self.old))
        }
    }

    @Test func writesOnlyCurrentCiphersAndReadsOlderOnes() {
        let policy = AlgorithmPolicy.standard
        for cipher in [SymmetricID.aes128, .aes192, .aes256, .camellia128, .camellia192, .camellia256] {
            #expect(policy.accepts(cipher: cipher, for: .encryption, at: Self.now))
            #expect(policy.accepts(cipher: cipher, for: .decryption, at: Self.now))
        }
        for cipher in [SymmetricID.twofish, .blowfish] {
            #expect(!policy.accepts(cipher: cipher, for: .encryption, at: Self.now))
            #expect(policy.accepts(cipher: cipher, for: .decryption, at: Self.now))
        }
        for cipher in [SymmetricID.idea, .tripleDES, .cast5] {
            #expect(!policy.accepts(cipher: cipher, for: .decryption, at: Self.now))
            #expect(AlgorithmPolicy.archive.accepts(cipher: cipher, for: .decryption, at: Self.now))
            #expect(!AlgorithmPolicy.archive.accepts(cipher: cipher, for: .encryption, at: Self.now))
        }
        #expect(policy.accepts(aead: .ocb, for: .encryption, at: Self.now))
        #expect(!policy.accepts(aead: AEADID(rawValue: 9), for: .decryption, at: Self.now))
    }

    private func rsa(bits: Int) throws -> PublicKey {
        var n = [UInt8](repeating: 0xFF, count: bits / 8)
        n[0] = 0x80
        return try PublicKey(creation: Self.old, algorithm: .rsa, parameters: .rsa(n: MPI(n), e: MPI([1, 0, 1])))
    }

    @Test func keySizesHaveClasses() throws {
        let policy = AlgorithmPolicy.standard
        for (bits, expected) in [
            (512, nil), (1024, KeyClass.rsa1024), (2040, .rsa1024), (2048, .rsa2048), (3072, .rsa3072),
            (4096, .rsa4096), (16384, .rsa4096), (16392, .rsa4096),
        ] {
            let key = try rsa(bits: bits)
            #expect(KeyClass(key) == expected)
            #expect(policy.accepts(key: key, for: .signature, at: Self.now) == (2048...16384).contains(bits), "\(bits)")
        }
        #expect(policy.weakness(of: try rsa(bits: 1024), for: .encryption, at: Self.now) == "RSA with 1024 bits")
        #expect(AlgorithmPolicy.archive.accepts(key: try rsa(bits: 1024), for: .signature, at: Self.now))
        #expect(!AlgorithmPolicy.archive.accepts(key: try rsa(bits: 512), for: .signature, at: Self.now))
    }

    @Test func curvesHaveClasses() throws {
        func ecdsa(_ curve: Curve) throws -> PublicKey {
            try PublicKey(
                creation: Self.old, algorithm: .ecdsa, parameters: .ecdsa(curve: curve, point: MPI([4, 1, 2])))
        }
        #expect(AlgorithmPolicy.standard.accepts(key: try ecdsa(.p256), for: .signature, at: Self.now))
        #expect(KeyClass(try ecdsa(.brainpoolP384)) == .brainpoolP384)
        #expect(KeyClass(try ecdsa(Curve(oid: [1]))) == nil)
        let secp = try ecdsa(.secp256k1)
        #expect(AlgorithmPolicy.standard.weakness(of: secp, for: .signature, at: Self.now) == "ECDSA on secp256k1")
        var policy = AlgorithmPolicy.standard
        policy.keys[.nistP256, .signature] = .until(Self.now)
        #expect(!policy.accepts(key: try ecdsa(.p256), for: .signature, at: Self.now))
        #expect(policy.accepts(key: try ecdsa(.p256), for: .signature, at: Self.now.adding(seconds: -1)))
    }

    @Test func sessionKeysAreWrappedWithFullStrength() throws {
        func ecdh(_ hash: HashID, _ cipher: SymmetricID) throws -> PublicKey {
            try PublicKey(
                creation: Self.old, algorithm: .ecdh,
                parameters: .ecdh(
                    curve: .p256, point: MPI([4, 1, 2]), kdf: KDFParameters(hash: hash, cipher: cipher)))
        }
        func accepts(_ hash: HashID, _ cipher: SymmetricID) throws -> Bool {
            AlgorithmPolicy.archive.accepts(key: try ecdh(hash, cipher), for: .encryption, at: Self.now)
        }
        #expect(try accepts(.sha256, .aes128))
        #expect(try !accepts(.sha1, .aes128))
        #expect(try !accepts(.md5, .aes256))
        #expect(try !accepts(.sha256, .tripleDES))
    }

    @Test func anEmptyPolicyAcceptsNothing() throws {
        let policy = AlgorithmPolicy()
        #expect(!policy.accepts(hash: .sha512, for: .dataSignature, created: Self.old, at: Self.now))
        #expect(!policy.accepts(cipher: .aes256, for: .encryption, at: Self.now))
        #expect(!policy.accepts(key: try rsa(bits: 4096), for: .signature, at: Self.now))
    }
}
