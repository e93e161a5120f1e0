import Libcrypto
import TestSupport
import Testing

/// Numbers made by a few lines of arithmetic for this test only.
@Suite struct ElGamalTests {
    static let p = Hex.bytes(
        """
        cecaf828e2f795538fcc69d79561a0d1004498f4b987f7c1cc9c26a813678d7a3f0c9931918c40bfd670c342c6cce996
        6caf76a5703598aec280ad3729a6f2e7f1260ebc7d56ab567714dc919b27dbdfe0a3a91f2346cc13fc27ed12b10877a9
        cbf27734ac1035250b66402800e03d2cf3c95789ace1a9542c5d6baed2eaca0f
        """)
    static let x = Hex.bytes("0ff7ca8fbe35c1af446506f102fce1010f154a9f296873f80e52a36958b524414c46f147ecf9")

    static func decrypt(_ c1: [UInt8], _ c2: [UInt8], x: [UInt8] = x) throws -> (algorithm: UInt8, key: SecretBytes) {
        try ElGamal.decryptSessionKey(c1: c1, c2: c2, p: p, x: SecretBytes(copying: x))
    }

    static let aes256 = (
        Hex.bytes(
            """
            226eab24f184946f3b916797886c5ef5cea94a91df2d161ca401746a5c6bb915112f3b9cf522509763409bfdc8f10e1e
            ef24d36d6603efc1d8bb82bd606051e97944d7ad79c8d75020d2c734052ff90a649f8a81ac07940a0dfed68ad2abf6cc
            3925c40ac027663ed28be63da491041424a4b5740bfd85f1168a6ea28bd572b5
            """),
        Hex.bytes(
            """
            48a51e796ad7891eeb828e68a419ee6cbc6728834d5fb3881fcc75f8038c989776937410d362b62b3c5bb425a7bafd56
            baf10c759124c20f12c10fc1b7560e96b0d916326ad74415d058bcc33345121c249fa2f4496708913e931a7708fde80a
            b78de5bd3b65009952d7b06a0514c8a237c5198d0f3ca52bc77e0c232645cf32
            """)
    )
    static let aes128 = (
        Hex.bytes(
            """
            392e758188917c6dedae926938c8fb13e8d4161c015553ee24f5097fc651e0f386bf5ec1ff0f2622f79a585e16641d51
            b3b22288e8f938d9887ef7771648e47a7ef4c9bba352e114cd855a5c5ac8f3a52ed88c93afb03c745febd685c9720550
            84fcbbf389937da0499df78ee799d82f0861c3e47afb98fd1dc6eed7a4a9ec72
            """),
        Hex.bytes(
            """
            7f16265a6f5c25ef01a20a4bebcb735880a9174ce10497f751c61c64e1744c1012dedd36e394bcc155b06bfc36bc4ae1
            3b3565764731946b7b0b436f9d2c7a333846b8a9a37434b43fa503235068a841c112fa77bd4c619d077043e1c88fdd52
            7b338d8c30abb8aeecb3d64348b58b2139233205b8fc61f0751e5f7bd665b1a5
            """)
    )
    static let wrongChecksum = (
        Hex.bytes(
            """
            ca50f86fb83a2ffde3eb882c44c67519bc4f70bf81ad3f6c1b772cf120b69bb9e8d9ece131fb83b99d8edec088631bd3
            e795558ed11ebbed427b3d3252136d971d971811b36360066a59cb9fe1b6b0dc6fa772ea3da635716c120d99d9fb7767
            f9b68db8b999a564ccd4d88c2dfe59db68a6ac1357ccadf5bc4494515ebbe419
            """),
        Hex.bytes(
            """
            3ab52c3f6ddf1c169524e67d1fc5f923577bad7a2f7a8ef07d70ea2c6890b33d18d14ba3c84fc1a3c209ff9af06ab773
            54beaffe442bd18191209596ac716a5dd9ad1eb63e64d1e4d7cbce691166e9c1436755d4a3d05fe65edb39bda8493ad5
            46e7c949f182a86c0653299ee31fa8905e2280eaf9c1285fa0246d75da8f9fa3
            """)
    )

    @Test func sessionKeys() throws {
        let long = try Self.decrypt(Self.aes256.0, Self.aes256.1)
        #expect(long.algorithm == 9)
        #expect(long.key == SecretBytes(copying: (200..<232).map { UInt8($0) }))
        let short = try Self.decrypt(Self.aes128.0, Self.aes128.1)
        #expect(short.algorithm == 7)
        #expect(short.key == SecretBytes(copying: (200..<216).map { UInt8($0) }))
        // Zeros in front do not change a number.
        #expect(try Self.decrypt([0] + Self.aes128.0, [0, 0] + Self.aes128.1).key == short.key)
    }

    /// As for RSA, a defect gives a key of the same shape, the same one each time.
    @Test func defectsCannotBeTold() throws {
        var seen: [SecretBytes] = []
        for (c1, c2) in [Self.wrongChecksum, (Self.aes256.0, Self.aes128.1), ([2], [3])] {
            let first = try Self.decrypt(c1, c2)
            #expect(first.algorithm == 9)
            #expect(first.key.count == 32)
            #expect(try Self.decrypt([0] + c1, c2).key == first.key)
            #expect(!seen.contains(first.key))
            seen.append(first.key)
        }
    }

    @Test func whatCannotBeIsRefused() {
        let refused = LibcryptoError(.invalidParameter, "")
        let (c1, c2) = Self.aes256
        #expect(throws: refused) { _ = try Self.decrypt([], c2) }
        #expect(throws: refused) { _ = try Self.decrypt(c1, [0, 0]) }
        #expect(throws: refused) { _ = try Self.decrypt(Self.p, c2) }
        #expect(throws: refused) { _ = try Self.decrypt(c1, [1] + c2) }
        #expect(throws: refused) { _ = try Self.decrypt(c1, c2, x: [0]) }
        #expect(throws: refused) { _ = try Self.decrypt(c1, c2, x: []) }
        #expect(throws: refused) { _ = try Self.decrypt(c1, c2, x: Self.p) }
        let even = Self.p.dropLast() + [0x0e]
        let x = SecretBytes(copying: Self.x)
        #expect(throws: refused) { _ = try ElGamal.decryptSessionKey(c1: c1, c2: c2, p: Array(even), x: x) }
    }
}
