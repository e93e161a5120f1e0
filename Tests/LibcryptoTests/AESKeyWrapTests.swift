import Libcrypto
import TestSupport
import Testing

@Suite struct AESKeyWrapTests {
    /// RFC 3394, section 4.
    @Test(arguments: [
        (
            "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
        ),
        (
            "000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF0001020304050607",
            "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
        ),
    ])
    func vectors(_ kek: String, _ key: String, _ expected: String) throws {
        let kek = SecretBytes(copying: Hex.bytes(kek))
        let key = SecretBytes(copying: Hex.bytes(key))
        let wrapped = try AESKeyWrap.wrap(key, kek: kek)
        #expect(Hex.string(wrapped) == expected)
        #expect(try AESKeyWrap.unwrap(wrapped, kek: kek) == key)
        for index in wrapped.indices {
            var broken = wrapped
            broken[index] ^= 0x80
            #expect(throws: LibcryptoError(.authenticationFailed, "")) {
                _ = try AESKeyWrap.unwrap(broken, kek: kek)
            }
        }
    }

    @Test func shapesAreChecked() throws {
        let kek = try SecretBytes.random(count: 16)
        #expect(throws: LibcryptoError.self) { _ = try AESKeyWrap.wrap(SecretBytes(copying: [1, 2, 3]), kek: kek) }
        for count in 0..<24 {
            #expect(throws: LibcryptoError.self) {
                _ = try AESKeyWrap.unwrap([UInt8](repeating: 1, count: count), kek: kek)
            }
        }
        #expect(throws: LibcryptoError(.invalidParameter, "")) {
            _ = try AESKeyWrap.unwrap([UInt8](repeating: 1, count: 24), kek: SecretBytes.random(count: 15))
        }
    }
}
