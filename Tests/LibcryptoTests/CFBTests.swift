import Libcrypto
import TestSupport
import Testing

@Suite struct CFBTests {
    /// NIST SP 800-38A, F.3.13, F.3.15 and F.3.17.
    @Test(arguments: [
        (
            SymmetricAlgorithm.aes128, "2b7e151628aed2a6abf7158809cf4f3c",
            "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"
        ),
        (
            .aes192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"
        ),
        (
            .aes256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407bdf10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"
        ),
    ])
    func nistVectors(_ algorithm: SymmetricAlgorithm, _ key: String, _ expected: String) throws {
        let plaintext = Hex.bytes(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
        )
        let secret = SecretBytes(copying: Hex.bytes(key))
        let iv = (0..<16).map { UInt8($0) }
        var output: [UInt8] = []
        try CFBEncryptor(algorithm, key: secret, iv: iv).update(plaintext.span, into: &output)
        #expect(Hex.string(output) == expected)
        var back: [UInt8] = []
        try CFBDecryptor(algorithm, key: secret, iv: iv).update(output.span, into: &back)
        #expect(back == plaintext)
    }

    /// What `openssl enc` makes of a hundred zeros.
    @Test(arguments: [
        (
            SymmetricAlgorithm.camellia256,
            "5f77dc44e5e6701e8755c1fa176e2434e1c0aeafa5f146161f2ef660fd46e280f70a9572e68ca933aaca2f253fa9d3d21da7e041d4c811ae6219c4e2c0ae7116981c50e406a680640776017cd3beaac6e929d4f5e3dff1df1a6922d02de4700aae108297"
        ),
        (
            .tripleDES,
            "58ed248f77f6b19e47d9b74a4f5ae66d512db48e4881f4954c49336a93a8a37b9200905214150326a3c66cf40fc864ba3ae63d761a2f352147174a5fbcdaf8a8c555751a3bec1a14bd10d05e68c492f6ae97050987b5b7726ccf7118281e1921a83ea78c"
        ),
        (
            .cast5,
            "20b42d77a79ebae55daff4ce02dd4bc24d8ba15dfc9efa5a582a29ded5512f7170ec813604f77050f1b0ae86360dbb2a87e393265f12655587e67a93dca8d0f13c07d9b3509fec3436d0abc4ce4436344386871712d4209816ee5c213c465017fd88eb68"
        ),
        (
            .blowfish,
            "866f5e72e59a1951b3c2d33e8d5ae4b6c7943a59c8fe828ee89e66414a7dd97f30b0ea6b9586fad663a36d0ac2e5b7c993836e9bc60788e765e0b3ad207d1756b4edba0c3c6cf5d05b1c6168cbea595167cfdd38fb8f87c58e750560d5530deacaa719df"
        ),
    ])
    func otherCiphers(_ algorithm: SymmetricAlgorithm, _ expected: String) throws {
        let key = SecretBytes(copying: (0..<algorithm.keySize).map { UInt8($0) })
        let iv = (0..<algorithm.blockSize).map { UInt8($0) }
        let zeros = [UInt8](repeating: 0, count: 100)
        var output: [UInt8] = []
        try CFBEncryptor(algorithm, key: key, iv: iv).update(zeros.span, into: &output)
        #expect(Hex.string(output) == expected)
        var back: [UInt8] = []
        try CFBDecryptor(algorithm, key: key, iv: iv).update(output.span, into: &back)
        #expect(back == zeros)
    }

    @Test(arguments: SymmetricAlgorithm.allCases)
    func pieceSizesDoNotMatter(_ algorithm: SymmetricAlgorithm) throws {
        let key = try SecretBytes.random(count: algorithm.keySize)
        let iv = try SecureRandom.bytes(algorithm.blockSize)
        let plaintext = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var whole: [UInt8] = []
        try CFBEncryptor(algorithm, key: key, iv: iv).update(plaintext.span, into: &whole)
        for size in 1...100 {
            let encryptor = try CFBEncryptor(algorithm, key: key, iv: iv)
            let decryptor = try CFBDecryptor(algorithm, key: key, iv: iv)
            var sealed: [UInt8] = []
            var opened: [UInt8] = []
            for start in stride(from: 0, to: plaintext.count, by: size) {
                let end = min(start + size, plaintext.count)
                try encryptor.update(plaintext.span.extracting(start..<end), into: &sealed)
                try decryptor.update(whole.span.extracting(start..<end), into: &opened)
            }
            #expect(sealed == whole, "pieces of \(size)")
            #expect(opened == plaintext, "pieces of \(size)")
        }
        // Larger than the bulk buffer, with a ragged end.
        let large = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        var sealed: [UInt8] = []
        var opened: [UInt8] = []
        try CFBEncryptor(algorithm, key: key, iv: iv).update(large.span, into: &sealed)
        try CFBDecryptor(algorithm, key: key, iv: iv).update(sealed.span, into: &opened)
        #expect(opened == large)
    }

    @Test func wrongSizesAreRefused() throws {
        let refused = LibcryptoError(.invalidParameter, "")
        let key = try SecretBytes.random(count: 16)
        #expect(throws: refused) { _ = try CFBEncryptor(.aes256, key: key, iv: [UInt8](repeating: 0, count: 16)) }
        #expect(throws: refused) { _ = try CFBDecryptor(.aes128, key: key, iv: []) }
    }
}
