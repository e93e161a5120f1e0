import Libcrypto
import TestSupport
import Testing

@Suite struct KeyTests {
    /// A key of 1024 bits made by openssl for this test only.
    enum RSA {
        static let n = Hex.bytes(
            """
            ac479292f099eae808c6002dd898876dd978b101c70fa698244b979e9ab9ab926238c8f035481a0a6e02e370dcda10fa
            4cd7a2b0b874f7e7ad72b78975b007317fe5ef0bc85c52f0599f5b25e5e7151ad3b79b2a16db32463f1870cc5c2a147e
            1db4ddeccce29eecfb48bc6fbdefe48f3cc984738d3ba36e61ed7addacd5430b
            """)
        static let d = Hex.bytes(
            """
            7098c2aa78c81028a0fb4fc8a70461972108699fc0cb70d584fb46d82945ea65dcfe420e04b4e0182af886501078119a
            95b865a35c9b4e1f445472b24b91c5d0b84b1e5c76fff296e0d05fb460ba940a7cd9907e58946b0502c8a2e4b0dd3973
            afc127b778e32d88a7cfde55ff358634d2d09ada7131b3b9c0b0d072159091b1
            """)
        static let p = Hex.bytes(
            """
            deb16de52aaa2026597ba13b446f133ee4f2dc25005ff6c13b2f0f940ef527f1d1fa9f59a33323f3aadd02213ec23d20
            a5e71f8c8803b79d1d29205a54bb9703
            """)
        static let q = Hex.bytes(
            """
            c60be38f48a6b2198c4aaad533a11624c579a721ac8720e71cae62bc6e112ffbd1de990eefca9072fc59733b8603378b
            cc225a514185c196dfaf87a962c24159
            """)
        static let u = Hex.bytes(
            """
            128f9da664f58f3f3fe15b8c364f3cb30ac02cbf2fcb18de319f7cd6d87d3566d4e40d289dcb5608f2072de6b60b644e
            d441a5aa0cddbbdfc2e93e08d4a6ba3b
            """)
        /// What `openssl dgst -sha256 -sign` makes of "abc".
        static let signature = Hex.bytes(
            """
            4d0424035b1bce235202f797ef1143c008a641b0c650165e7404dfb695491d1d3ad0e7d140b46846036aebb3e4545cbf
            2a95dbfcc201f99dbbd2b7ee9fe42f82071fd7f16d4c853eefd94de7e6af8872de0e0aa890ef426ef8664faf41dca8f3
            e877e405c763abd3639dcfb709bb7c45446894d082f9bbd9ea6b764ed714b6d2
            """)
        static let e: [UInt8] = [1, 0, 1]

        static func privateKey(d: [UInt8] = d, p: [UInt8] = p, q: [UInt8] = q, u: [UInt8] = u) throws
            -> PrivateKeyHandle
        {
            try .rsa(
                n: n, e: e, d: SecretBytes(copying: d), p: SecretBytes(copying: p), q: SecretBytes(copying: q),
                u: SecretBytes(copying: u))
        }
    }

    @Test func rsaSignsAsOpenSSLDoes() throws {
        let digest = try Digest.hash(.sha256, Array("abc".utf8))
        #expect(try RSA.privateKey().signRSA(digest: digest, hash: .sha256) == RSA.signature)
        let key = try PublicKeyHandle.rsa(n: RSA.n, e: RSA.e)
        #expect(try key.verifyRSA(signature: RSA.signature, digest: digest, hash: .sha256))
        var wrong = RSA.signature
        wrong[100] ^= 1
        #expect(try !key.verifyRSA(signature: wrong, digest: digest, hash: .sha256))
        #expect(try !key.verifyRSA(signature: [], digest: digest, hash: .sha256))
        let other = try Digest.hash(.sha256, Array("abd".utf8))
        #expect(try !key.verifyRSA(signature: RSA.signature, digest: other, hash: .sha256))
    }

    @Test func rsaNumbersMustBelongTogether() throws {
        _ = try RSA.privateKey()
        let refused = LibcryptoError(.invalidParameter, "")
        func changed(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            bytes[20] ^= 2
            return bytes
        }
        #expect(throws: refused) { _ = try RSA.privateKey(d: changed(RSA.d)) }
        #expect(throws: refused) { _ = try RSA.privateKey(p: changed(RSA.p)) }
        #expect(throws: refused) { _ = try RSA.privateKey(q: changed(RSA.q)) }
        #expect(throws: refused) { _ = try RSA.privateKey(p: RSA.q, q: RSA.p) }
        #expect(throws: refused) { _ = try RSA.privateKey(u: []) }
    }

    static func sessionKey(_ algorithm: UInt8, _ count: Int, checksum: Int = 0) -> [UInt8] {
        let key = (0..<count).map { UInt8(200 + $0) }
        let sum = key.reduce(checksum) { $0 + Int($1) }
        return [algorithm] + key + [UInt8(sum >> 8 & 255), UInt8(sum & 255)]
    }

    @Test(arguments: [(UInt8(2), 24), (3, 16), (4, 16), (7, 16), (8, 24), (9, 32), (11, 16), (12, 24), (13, 32)])
    func rsaSessionKeys(_ algorithm: UInt8, _ count: Int) throws {
        let key = try PublicKeyHandle.rsa(n: RSA.n, e: RSA.e)
        let sealed = try key.encryptRSA(SecretBytes(copying: Self.sessionKey(algorithm, count)))
        let opened = try RSA.privateKey().decryptSessionKey(sealed)
        #expect(opened.algorithm == algorithm)
        #expect(opened.key == SecretBytes(copying: (0..<count).map { UInt8(200 + $0) }))
    }

    /// Every defect gives a key of the same shape, the same one each time, never an error.
    @Test func wrongRSASessionKeysCannotBeTold() throws {
        let key = try PublicKeyHandle.rsa(n: RSA.n, e: RSA.e)
        let payloads: [[UInt8]] = [
            Self.sessionKey(9, 32, checksum: 1), Self.sessionKey(9, 16), Self.sessionKey(7, 32),
            Self.sessionKey(99, 32),
            Self.sessionKey(9, 31), Self.sessionKey(9, 33), [], [9], [UInt8](repeating: 0, count: 35),
        ]
        var ciphertexts = try payloads.map { try key.encryptRSA(SecretBytes(copying: $0)) }
        ciphertexts.append([0] + [UInt8](repeating: 7, count: 127))
        ciphertexts.append([UInt8](repeating: 0, count: 127) + [1])
        var seen: [SecretBytes] = []
        for ciphertext in ciphertexts {
            let first = try RSA.privateKey().decryptSessionKey(ciphertext)
            let second = try RSA.privateKey().decryptSessionKey(ciphertext)
            #expect(first.algorithm == 9)
            #expect(first.key.count == 32)
            #expect(first.key == second.key)
            #expect(!seen.contains(first.key))
            seen.append(first.key)
        }
    }

    /// RFC 8032, section 7.1, test 2.
    @Test func ed25519() throws {
        let seed = SecretBytes(
            copying: Hex.bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        let key = try PrivateKeyHandle.ed25519(seed: seed)
        let raw = Hex.bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        #expect(key.publicBytes == raw)
        var signature = try key.signEd25519(message: [0x72])
        #expect(
            Hex.string(signature)
                == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        let verifier = try PublicKeyHandle.ed25519(raw)
        #expect(try verifier.verifyEd25519(signature: signature, message: [0x72]))
        #expect(try !verifier.verifyEd25519(signature: signature, message: [0x73]))
        signature[0] ^= 1
        #expect(try !verifier.verifyEd25519(signature: signature, message: [0x72]))
        #expect(try !verifier.verifyEd25519(signature: [], message: [0x72]))
        #expect(throws: LibcryptoError(.invalidParameter, "")) { _ = try PublicKeyHandle.ed25519([1, 2, 3]) }
    }

    /// RFC 7748, section 6.1.
    @Test func x25519() throws {
        let alice = try PrivateKeyHandle.x25519(
            scalar: SecretBytes(
                copying: Hex.bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")))
        let bob = try PrivateKeyHandle.x25519(
            scalar: SecretBytes(
                copying: Hex.bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")))
        #expect(
            Hex.string(alice.publicBytes) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        let shared = SecretBytes(
            copying: Hex.bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
        #expect(try alice.agree(with: .x25519(bob.publicBytes)) == shared)
        #expect(try bob.agree(with: .x25519(alice.publicBytes)) == shared)
        // A point of small order would give a secret that everybody knows.
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try alice.agree(with: .x25519([UInt8](repeating: 0, count: 32)))
        }
    }

    /// RFC 8032, section 7.4, "Blank" and "1 octet".
    @Test(arguments: [
        (
            "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
            "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
            "",
            "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600"
        ),
        (
            "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
            "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
            "03",
            "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00"
        ),
    ])
    func ed448(_ seed: String, _ raw: String, _ text: String, _ expected: String) throws {
        let key = try PrivateKeyHandle.ed448(seed: SecretBytes(copying: Hex.bytes(seed)))
        #expect(Hex.string(key.publicBytes) == raw)
        let message = Hex.bytes(text)
        var signature = try key.signEd448(message: message)
        #expect(Hex.string(signature) == expected)
        let verifier = try PublicKeyHandle.ed448(Hex.bytes(raw))
        #expect(try verifier.verifyEd448(signature: signature, message: message))
        #expect(try !verifier.verifyEd448(signature: signature, message: message + [1]))
        signature[50] ^= 1
        #expect(try !verifier.verifyEd448(signature: signature, message: message))
        #expect(try !verifier.verifyEd448(signature: [], message: message))
        #expect(throws: LibcryptoError(.invalidParameter, "")) { _ = try PublicKeyHandle.ed448([1, 2, 3]) }
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try PrivateKeyHandle.ed448(seed: SecretBytes.random(count: 32))
        }
    }

    /// RFC 7748, section 6.2.
    @Test func x448() throws {
        let alice = try PrivateKeyHandle.x448(
            scalar: SecretBytes(
                copying: Hex.bytes(
                    "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b"
                )))
        let bob = try PrivateKeyHandle.x448(
            scalar: SecretBytes(
                copying: Hex.bytes(
                    "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d"
                )))
        #expect(
            Hex.string(alice.publicBytes)
                == "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0"
        )
        let shared = SecretBytes(
            copying: Hex.bytes(
                "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d"
            ))
        #expect(try alice.agree(with: .x448(bob.publicBytes)) == shared)
        #expect(try bob.agree(with: .x448(alice.publicBytes)) == shared)
        for small in [UInt8(0), 1] {
            #expect(throws: LibcryptoError(.invalidParameter, "")) {
                _ = try alice.agree(with: .x448([small] + [UInt8](repeating: 0, count: 55)))
            }
        }
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try alice.agree(with: .x25519(PrivateKeyHandle.generateX25519().publicBytes))
        }
        let fresh = try PrivateKeyHandle.generateX448()
        #expect(try fresh.agree(with: .x448(bob.publicBytes)) == bob.agree(with: .x448(fresh.publicBytes)))
    }

    /// RFC 6932, appendix A.1.
    @Test func brainpool() throws {
        let curve = EllipticCurve.brainpoolP256r1
        let one = try PrivateKeyHandle.ec(
            curve,
            scalar: SecretBytes(
                copying: Hex.bytes("041EB8B1E2BC681BCE8E39963B2E9FC415B05283313DD1A8BCC055F11AE49699")),
            point: Hex.bytes(
                "04 78028496B5ECAAB3C8B6C12E45DB1E02C9E4D26B4113BC4F015F60C5CCC0D206 A2AE1762A3831C1D20F03F8D1E3C0C39AFE6F09B4D44BBE80CD100987B05F92B"
            ))
        let peer = try PublicKeyHandle.ec(
            curve,
            point: Hex.bytes(
                "04 8E07E219BA588916C5B06AA30A2F464C2F2ACFC1610A3BE2FB240B635341F0DB 148EA1D7D1E7E54B9555B6C9AC90629C18B63BEE5D7AA6949EBBF47B24FDE40D"
            ))
        let shared = Hex.bytes("05E940915549E9F6A4A75693716E37466ABA79B4BF2919877A16DD2CC2E23708")
        #expect(try one.agree(with: peer) == SecretBytes(copying: shared))
    }

    @Test(arguments: EllipticCurve.allCases)
    func freshNumbersMakeKeys(_ curve: EllipticCurve) throws {
        let numbers = try ECKeyNumbers.generate(curve)
        #expect(numbers.scalar.count == curve.fieldSize)
        let key = try PrivateKeyHandle.ec(curve, scalar: numbers.scalar, point: numbers.point)
        #expect(key.publicBytes == numbers.point)
        #expect(try ECKeyNumbers.generate(curve).scalar != numbers.scalar)
    }

    @Test func freshRSANumbersMakeAKey() throws {
        let numbers = try RSAKeyNumbers.generate(bits: 2048)
        #expect(numbers.n.count == 256)
        #expect(numbers.n.first.map { $0 >= 0x80 } == true)
        #expect(numbers.e == [1, 0, 1])
        func bytes(_ secret: SecretBytes) -> [UInt8] { secret.withBytes { span in (0..<span.count).map { span[$0] } } }
        #expect(bytes(numbers.p).lexicographicallyPrecedes(bytes(numbers.q)))
        // Refuses numbers that do not belong together.
        let key = try PrivateKeyHandle.rsa(
            n: numbers.n, e: numbers.e, d: numbers.d, p: numbers.p, q: numbers.q, u: numbers.u)
        let digest = [UInt8](repeating: 3, count: 32)
        let signature = try key.signRSA(digest: digest, hash: .sha256)
        let verifier = try PublicKeyHandle.rsa(n: numbers.n, e: numbers.e)
        #expect(try verifier.verifyRSA(signature: signature, digest: digest, hash: .sha256))
        for bits in [-1, 1024, 2050, 1 << 20] {
            #expect(throws: LibcryptoError(.invalidParameter, "")) { _ = try RSAKeyNumbers.generate(bits: bits) }
        }
    }

    /// RFC 6979, appendix A.2.5: P-256, SHA-256, "sample".
    @Test func ecdsa() throws {
        let point = Hex.bytes(
            "04 60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6 7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
        )
        let key = try PublicKeyHandle.ec(.p256, point: point)
        let digest = try Digest.hash(.sha256, Array("sample".utf8))
        let r = Hex.bytes("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716")
        let s = Hex.bytes("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
        #expect(try key.verifyECDSA(r: r, s: s, digest: digest))
        #expect(try !key.verifyECDSA(r: s, s: r, digest: digest))
        // With r = s = x(key) anybody signs zero, which libcrypto takes an absent digest for.
        let x = Array(point[1..<33])
        #expect(try !key.verifyECDSA(r: x, s: x, digest: []))
        #expect(try !key.verifyECDSA(r: [], s: [], digest: digest))
        #expect(try !key.verifyECDSA(r: [UInt8](repeating: 255, count: 300), s: s, digest: digest))
        let scalar = SecretBytes(
            copying: Hex.bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
        let own = try PrivateKeyHandle.ec(.p256, scalar: scalar, point: point).signECDSA(digest: digest)
        #expect(try key.verifyECDSA(r: own.r, s: own.s, digest: digest))
        let wrong = SecretBytes(copying: [1, 2, 3])
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try PrivateKeyHandle.ec(.p256, scalar: wrong, point: point)
        }
        var off = point
        off[64] ^= 1
        #expect(throws: LibcryptoError(.invalidParameter, "")) { _ = try PublicKeyHandle.ec(.p256, point: off) }
    }

    @Test(arguments: EllipticCurve.allCases)
    func curvesAgree(_ curve: EllipticCurve) throws {
        let one = try PrivateKeyHandle.generateEC(curve)
        let two = try PrivateKeyHandle.generateEC(curve)
        let secret = try one.agree(with: .ec(curve, point: two.publicBytes))
        #expect(secret.count == curve.fieldSize)
        #expect(try two.agree(with: .ec(curve, point: one.publicBytes)) == secret)
        let digest = [UInt8](repeating: 5, count: 32)
        let signature = try one.signECDSA(digest: digest)
        #expect(
            try PublicKeyHandle.ec(curve, point: one.publicBytes).verifyECDSA(
                r: signature.r, s: signature.s, digest: digest))
    }

    /// Contexts are used again: neither what one use set nor a failure may show in the next.
    @Test func usesDoNotDisturbEachOther() throws {
        let key = try RSA.privateKey()
        let verifier = try PublicKeyHandle.rsa(n: RSA.n, e: RSA.e)
        for hash in [HashAlgorithm.sha256, .sha512, .sha1, .sha256] {
            let digest = try Digest.hash(hash, [1, 2, 3])
            let signature = try key.signRSA(digest: digest, hash: hash)
            #expect(throws: LibcryptoError.self) { _ = try key.signRSA(digest: [1], hash: hash) }
            #expect(try !verifier.verifyRSA(signature: Array(signature.dropLast()), digest: digest, hash: hash))
            #expect(try !verifier.verifyRSA(signature: signature, digest: digest, hash: .sha384))
            #expect(try verifier.verifyRSA(signature: signature, digest: digest, hash: hash))
        }
        let own = try PrivateKeyHandle.generateX25519()
        let peers = try (0..<3).map { _ in try PrivateKeyHandle.generateX25519() }
        for peer in peers + peers {
            #expect(throws: LibcryptoError.self) { _ = try own.agree(with: .x25519([UInt8](repeating: 0, count: 32))) }
            #expect(try own.agree(with: .x25519(peer.publicBytes)) == peer.agree(with: .x25519(own.publicBytes)))
        }
    }

    @Test func handlesAreSharedByThreads() async throws {
        let edwards = try PrivateKeyHandle.ed25519(seed: SecretBytes.random(count: 32))
        let curve = try PrivateKeyHandle.generateEC(.p256)
        let verifiers = (
            try PublicKeyHandle.ed25519(edwards.publicBytes), try PublicKeyHandle.ec(.p256, point: curve.publicBytes)
        )
        let secret = try curve.agree(with: verifiers.1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<20 {
                        let message = [UInt8](repeating: UInt8(task), count: 32 + round)
                        let signature = try edwards.signEd25519(message: message)
                        #expect(try verifiers.0.verifyEd25519(signature: signature, message: message))
                        let digest = Array(message.prefix(32))
                        let pair = try curve.signECDSA(digest: digest)
                        #expect(try verifiers.1.verifyECDSA(r: pair.r, s: pair.s, digest: digest))
                        #expect(try curve.agree(with: verifiers.1) == secret)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
