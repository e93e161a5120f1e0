import Libcrypto
import TestSupport
import Testing

@Suite struct KeyedTests {
    /// RFC 4231, test cases 1 and 2.
    @Test func hmacVectors() throws {
        let first = try HMAC.sha256(
            key: SecretBytes(copying: [UInt8](repeating: 0x0b, count: 20)), Array("Hi There".utf8))
        #expect(Hex.string(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = try HMAC.sha256(
            key: SecretBytes(copying: Array("Jefe".utf8)), Array("what do ya want for nothing?".utf8))
        #expect(Hex.string(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        _ = try HMAC.sha256(key: SecretBytes(copying: []), [])
    }

    /// RFC 5869, appendix A.1 and A.3.
    @Test func hkdfVectors() throws {
        let ikm = SecretBytes(copying: [UInt8](repeating: 0x0b, count: 22))
        let first = try HKDF.sha256(
            ikm: ikm, salt: Hex.bytes("000102030405060708090a0b0c"), info: Hex.bytes("f0f1f2f3f4f5f6f7f8f9"), count: 42)
        #expect(
            first
                == SecretBytes(
                    copying: Hex.bytes(
                        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")))
        let third = try HKDF.sha256(ikm: ikm, salt: [], info: [], count: 42)
        #expect(
            third
                == SecretBytes(
                    copying: Hex.bytes(
                        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")))
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try HKDF.sha256(ikm: ikm, salt: [], info: [], count: 255 * 32 + 1)
        }
    }

    /// NIST GCM test cases 14 and 16.
    @Test func gcmVectors() throws {
        let zero = SecretBytes(copying: [UInt8](repeating: 0, count: 32))
        let sealed = try AESGCM.seal(
            [UInt8](repeating: 0, count: 16).span, key: zero, nonce: [UInt8](repeating: 0, count: 12), aad: [])
        #expect(Hex.string(sealed) == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
        let key = SecretBytes(copying: Hex.bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
        let plaintext = Hex.bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
        let second = try AESGCM.seal(
            plaintext.span, key: key, nonce: Hex.bytes("cafebabefacedbaddecaf888"),
            aad: Hex.bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        #expect(Hex.string(Array(second.suffix(16))) == "76fc6ece0f4e1768cddf8853bb2d551b")
    }

    @Test func gcmRefusesEveryChange() throws {
        let key = try SecretBytes.random(count: 32)
        let nonce = try SecureRandom.bytes(12)
        let plaintext = Array("attack at dawn".utf8)
        let sealed = try AESGCM.seal(plaintext.span, key: key, nonce: nonce, aad: [1])
        #expect(try AESGCM.open(sealed.span, key: key, nonce: nonce, aad: [1]) == SecretBytes(copying: plaintext))
        let refused = LibcryptoError(.authenticationFailed, "")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: refused) { _ = try AESGCM.open(changed.span, key: key, nonce: nonce, aad: [1]) }
            let short = Array(sealed[..<index])
            #expect(throws: refused) { _ = try AESGCM.open(short.span, key: key, nonce: nonce, aad: [1]) }
        }
        #expect(throws: refused) { _ = try AESGCM.open(sealed.span, key: key, nonce: nonce, aad: []) }
        let empty = try AESGCM.seal([UInt8]().span, key: key, nonce: nonce, aad: [])
        #expect(empty.count == 16)
        #expect(try AESGCM.open(empty.span, key: key, nonce: nonce, aad: []).count == 0)
    }
}
