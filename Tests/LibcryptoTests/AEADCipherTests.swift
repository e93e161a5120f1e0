import Libcrypto
import TestSupport
import Testing

@Suite struct AEADCipherTests {
    struct Vector: Sendable {
        let aead: AEADAlgorithm
        var cipher = SymmetricAlgorithm.aes128
        let key: String, nonce: String, data: String, plain: String, sealed: String
    }

    static let vectors = [
        // The EAX Mode of Operation, appendix G.
        Vector(
            aead: .eax, key: "233952DEE4D5ED5F9B9C6D6FF80FF478", nonce: "62EC67F9C3A4A407FCB2A8C49031A8B3",
            data: "6BFB914FD07EAE6B", plain: "", sealed: "E037830E8389F27B025A2D6527E79D01"),
        Vector(
            aead: .eax, key: "91945D3F4DCBEE0BF45EF52255F095A4", nonce: "BECAF043B0A23D843194BA972C66DEBD",
            data: "FA3BFD4806EB53FA", plain: "F7FB", sealed: "19DD5C4C9331049D0BDAB0277408F67967E5"),
        Vector(
            aead: .eax, key: "8395FCF1E95BEBD697BD010BC766AAC3", nonce: "22E7ADD93CFC6393C57EC0B3C17D6B44",
            data: "126735FCC320D25A", plain: "CA40D7446E545FFAED3BD12A740A659FFBBB3CEAB7",
            sealed: "CB8920F87A6C75CFF39627B56E3ED197C552D295A7CFC46AFC253B4652B1AF3795B124AB6E"),
        // RFC 9580, appendices A.9.3, A.10.3 and A.11.3: the session key in a version 6 SKESK.
        Vector(
            aead: .eax, key: "2fce331f39dd955cc41e95d870c72139", nonce: "69224f919993b3506fa3b59a6a73cff8",
            data: "c3060701", plain: "3881bafe985412459b86c36f98cb9a5e",
            sealed: "c5efc5f41c57fb54e1c226815d7828f5f92c454eb65ebe00ab5986c68e6e7c55"),
        Vector(
            aead: .ocb, key: "38a9b345b5680bb61bb65d73eec7ecd9", nonce: "cfcc5c11664edb9db42590d7dc46b0",
            data: "c3060702", plain: "28e79ab82397d3c63de24ac217d7b791",
            sealed: "7241b612c3812cfffbea00f2347b25641123f887ae60d4fd614e0837d819d36c"),
        Vector(
            aead: .gcm, key: "7a6f9ab7f99f7ef8dbef841c650800f5", nonce: "b42e7c483ef4884457cb3726",
            data: "c3060703", plain: "1936fc8568980274bb900d8319360c77",
            sealed: "b9b3db9ff776e5f4d9a40952e2447298851abfff7526df2dd554417579a7799f"),
        // The Galois/Counter Mode of Operation, test cases 4 and 16.
        Vector(
            aead: .gcm, key: "feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            data: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain:
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            sealed:
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"
        ),
        Vector(
            aead: .gcm, cipher: .aes256, key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888", data: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain:
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            sealed:
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test(arguments: vectors)
    func publishedVectors(_ vector: Vector) throws {
        let cipher = try AEADCipher(vector.aead, vector.cipher, key: SecretBytes(copying: Hex.bytes(vector.key)))
        let nonce = Hex.bytes(vector.nonce)
        let data = Hex.bytes(vector.data)
        let plain = Hex.bytes(vector.plain)
        var sealed: [UInt8] = []
        try cipher.seal(plain.span, nonce: nonce, associatedData: data, into: &sealed)
        #expect(Hex.string(sealed) == vector.sealed.lowercased())
        var opened: [UInt8] = [1]
        #expect(try cipher.open(sealed.span, nonce: nonce, associatedData: data, into: &opened))
        #expect(opened == [1] + plain)
        // Anything else is refused, and the object stays usable.
        for index in sealed.indices {
            var wrong = sealed
            wrong[index] ^= 0x10
            var output: [UInt8] = [9]
            #expect(try !cipher.open(wrong.span, nonce: nonce, associatedData: data, into: &output))
            #expect(output == [9])
        }
        var output: [UInt8] = []
        #expect(try !cipher.open(sealed.span, nonce: nonce, associatedData: data + [0], into: &output))
        #expect(try !cipher.open(sealed.span, nonce: nonce, associatedData: [], into: &output))
        #expect(try !cipher.open([UInt8](sealed.dropFirst()).span, nonce: nonce, associatedData: data, into: &output))
        #expect(try !cipher.open([UInt8](sealed.prefix(15)).span, nonce: nonce, associatedData: data, into: &output))
        #expect(try !cipher.open([UInt8]().span, nonce: nonce, associatedData: data, into: &output))
        #expect(output == [])
        #expect(try cipher.open(sealed.span, nonce: nonce, associatedData: data, into: &output))
        #expect(output == plain)
    }

    /// Against OCB written out from RFC 7253, for every length around the ends of blocks.
    @Test(arguments: [SymmetricAlgorithm.aes128, .aes192, .aes256])
    func ocbEqualsItsDefinition(_ algorithm: SymmetricAlgorithm) throws {
        let key = try SecretBytes.random(count: algorithm.keySize)
        let cipher = try AEADCipher(.ocb, algorithm, key: key)
        let reference = ReferenceOCB(algorithm, key)
        for length in Array(0...70) + [1000, 4096] {
            let nonce = try SecureRandom.bytes(15)
            let data = try SecureRandom.bytes(length % 37)
            let plain = try SecureRandom.bytes(length)
            var sealed: [UInt8] = []
            try cipher.seal(plain.span, nonce: nonce, associatedData: data, into: &sealed)
            #expect(sealed == (try reference.seal(plain, nonce, data)), "\(length) octets")
        }
    }

    @Test(arguments: AEADAlgorithm.allCases)
    func chunksDoNotDependOnEachOther(_ aead: AEADAlgorithm) throws {
        let key = try SecretBytes.random(count: 32)
        let cipher = try AEADCipher(aead, .aes256, key: key)
        let plain = try SecureRandom.bytes(75_010)
        var stream: [UInt8] = []
        var alone: [UInt8] = []
        func nonce(_ index: Int) -> [UInt8] { [UInt8](repeating: UInt8(index), count: aead.nonceSize) }
        for index in 0..<4 {
            let part = plain.span.extracting(index * 1000..<index * 25_000 + 10)
            try cipher.seal(part, nonce: nonce(index), associatedData: [UInt8(index)], into: &stream)
            try AEADCipher(aead, .aes256, key: key).seal(
                part, nonce: nonce(index), associatedData: [UInt8(index)], into: &alone)
        }
        let standAlone = stream == alone
        #expect(standAlone)
        var opened: [UInt8] = []
        var position = 0
        for index in 0..<4 {
            let count = index * 24_000 + 10 + 16
            #expect(
                try cipher.open(
                    stream.span.extracting(position..<position + count), nonce: nonce(index),
                    associatedData: [UInt8(index)], into: &opened))
            position += count
        }
        var expected: [UInt8] = []
        for index in 0..<4 { expected += plain[index * 1000..<index * 25_000 + 10] }
        let isSame = opened == expected
        #expect(isSame)
    }

    @Test func whatCannotBeIsRefused() throws {
        let key = try SecretBytes.random(count: 16)
        for aead in AEADAlgorithm.allCases {
            #expect(throws: LibcryptoError(.unsupported, "")) { _ = try AEADCipher(aead, .camellia128, key: key) }
            #expect(throws: LibcryptoError(.invalidParameter, "")) { _ = try AEADCipher(aead, .aes256, key: key) }
            let cipher = try AEADCipher(aead, .aes128, key: key)
            let nonce = [UInt8](repeating: 0, count: aead.nonceSize - 1)
            var output: [UInt8] = []
            #expect(throws: LibcryptoError(.invalidParameter, "")) {
                try cipher.seal([UInt8](repeating: 1, count: 20).span, nonce: nonce, associatedData: [], into: &output)
            }
            #expect(throws: LibcryptoError(.invalidParameter, "")) {
                _ = try cipher.open(
                    [UInt8](repeating: 1, count: 20).span, nonce: nonce, associatedData: [], into: &output)
            }
            #expect(output == [])
        }
    }
}

/// RFC 7253 written out with a tag of 128 bits, over single blocks.
private struct ReferenceOCB {
    let algorithm: SymmetricAlgorithm
    let key: SecretBytes

    init(_ algorithm: SymmetricAlgorithm, _ key: SecretBytes) {
        self.algorithm = algorithm
        self.key = key
    }

    /// Cipher feedback over zeros is the block cipher.
    func encipher(_ block: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        try CFBEncryptor(algorithm, key: key, iv: block).update([UInt8](repeating: 0, count: 16).span, into: &output)
        return output
    }

    func double(_ block: [UInt8]) -> [UInt8] {
        var output = (0..<16).map { block[$0] << 1 | ($0 < 15 ? block[$0 + 1] >> 7 : 0) }
        if block[0] & 0x80 != 0 { output[15] ^= 0x87 }
        return output
    }

    func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { zip(a, b).map { $0 ^ $1 } }

    func pad(_ rest: [UInt8]) -> [UInt8] { rest + [0x80] + [UInt8](repeating: 0, count: 15 - rest.count) }

    func l(_ index: Int) throws -> [UInt8] {
        var value = double(double(try encipher([UInt8](repeating: 0, count: 16))))
        for _ in 0..<index.trailingZeroBitCount { value = double(value) }
        return value
    }

    func hash(_ data: [UInt8]) throws -> [UInt8] {
        var sum = [UInt8](repeating: 0, count: 16)
        var offset = sum
        for index in 0..<data.count / 16 {
            offset = xor(offset, try l(index + 1))
            sum = xor(sum, try encipher(xor(Array(data[index * 16..<index * 16 + 16]), offset)))
        }
        if data.count % 16 > 0 {
            offset = xor(offset, try encipher([UInt8](repeating: 0, count: 16)))
            sum = xor(sum, try encipher(xor(pad(Array(data.suffix(data.count % 16))), offset)))
        }
        return sum
    }

    func seal(_ plain: [UInt8], _ nonce: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
        let star = try encipher([UInt8](repeating: 0, count: 16))
        var top = [UInt8](repeating: 0, count: 15 - nonce.count) + [1] + nonce
        top = Array(top.suffix(16))
        let bottom = Int(top[15] & 63)
        top[15] &= 0xc0
        let kTop = try encipher(top)
        let stretch = kTop + (0..<8).map { kTop[$0] ^ kTop[$0 + 1] }
        var offset = (0..<16).map { index -> UInt8 in
            let start = index + bottom / 8
            let shift = bottom % 8
            return shift == 0 ? stretch[start] : stretch[start] << shift | stretch[start + 1] >> (8 - shift)
        }
        var checksum = [UInt8](repeating: 0, count: 16)
        var output: [UInt8] = []
        let full = plain.count / 16
        for index in 0..<full {
            let block = Array(plain[index * 16..<index * 16 + 16])
            offset = xor(offset, try l(index + 1))
            output += xor(offset, try encipher(xor(block, offset)))
            checksum = xor(checksum, block)
        }
        let rest = Array(plain.suffix(plain.count % 16))
        if !rest.isEmpty {
            offset = xor(offset, star)
            output += xor(rest, try encipher(offset))
            checksum = xor(checksum, pad(rest))
        }
        let tag = xor(try encipher(xor(xor(checksum, offset), double(star))), try hash(data))
        return output + tag
    }
}
