import Libcrypto
import TestSupport
import Testing

@testable import CMS

@Suite struct BERReaderTests {
    @Test func readsDefiniteAndIndefiniteLengths() throws {
        var reader = BERReader([0x30, 0x80, 0x04, 0x01, 0x05, 0x30, 0x80, 0, 0, 0, 0, 0x02, 0x01, 0x07])
        let outer = try reader.next(0x30, "outer")
        #expect(outer.content == 2..<9)
        #expect(outer.range == 0..<11)
        var inside = try reader.inside(outer)
        #expect(try inside.octets(inside.next(0x04, "octets")) == [5])
        #expect(try inside.next().content.isEmpty)
        #expect(inside.isAtEnd)
        #expect(try reader.smallInteger("number") == 7)
        #expect(reader.isAtEnd)
    }

    @Test(
        arguments: [
            [], [0x30], [0x30, 0x05, 0x00], [0x04, 0x80, 0x00, 0x00], [0x30, 0x80], [0x30, 0x80, 0x00],
            [0x1f, 0x01, 0x00],
            [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [0x30, 0x87, 1, 1, 1, 1, 1, 1, 1],
            [0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255],
            [0x30, 0xff], [0x30, 0x81],
        ] as [[UInt8]])
    func refusesDamage(_ bytes: [UInt8]) {
        #expect(throws: CMSError(.malformed, "")) {
            var reader = BERReader(bytes)
            _ = try reader.next()
        }
    }

    @Test func nestingIsBounded() {
        let deep = Array(repeating: [0x30, 0x80] as [UInt8], count: 100_000).flatMap { $0 }
        #expect(throws: CMSError(.limitExceeded, "")) { try CMSContent.parse(deep) }
        var octets: [UInt8] = [0x04, 0x00]
        for _ in 0..<20 { octets = DER.element(0x24, octets) }
        #expect(throws: CMSError(.limitExceeded, "")) {
            var reader = BERReader(octets)
            _ = try OctetPieces(octets, reader.next())
        }
    }

    @Test func piecesAreJoined() throws {
        let bytes: [UInt8] = [0x24, 0x80, 0x04, 0x02, 1, 2, 0x24, 0x05, 0x04, 0x01, 3, 0x04, 0x00, 0x04, 0x01, 4, 0, 0]
        var reader = BERReader(bytes)
        let pieces = try OctetPieces(bytes, reader.next())
        #expect(pieces.count == 4)
        #expect(try pieces.joined() == [1, 2, 3, 4])
    }

    @Test func writesDER() {
        #expect(DER.integer(0) == [2, 1, 0])
        #expect(DER.integer(127) == [2, 1, 127])
        #expect(DER.integer(128) == [2, 2, 0, 128])
        #expect(DER.integer(65536) == [2, 3, 1, 0, 0])
        #expect(DER.header(4, 127) == [4, 127])
        #expect(DER.header(4, 128) == [4, 0x81, 128])
        #expect(DER.header(4, 65536) == [4, 0x83, 1, 0, 0])
        #expect(DER.set([[2, 1, 9], [2, 1, 3]]) == [0x31, 6, 2, 1, 3, 2, 1, 9])
        #expect(ObjectID.rsaEncryption.bytes == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1])
        #expect(ObjectID.rsaEncryption.description == "1.2.840.113549.1.1.1")
        #expect(ObjectID(2, 16, 840, 1).description == "2.16.840.1")
        #expect(ObjectID(contents: [0x2a] + Array(repeating: 0xff, count: 20)).description.hasPrefix("1.2"))
    }

    @Test(
        arguments: [
            (0, "700101000000Z"), (951_782_400, "000229000000Z"), (1_790_000_000, "260921141320Z"),
            (2_524_607_999, "491231235959Z"), (2_524_608_000, "20500101000000Z"), (253_402_300_799, "99991231235959Z"),
        ] as [(Int64, String)])
    func timesGoBothWays(_ seconds: Int64, _ text: String) {
        let encoded = DER.time(seconds)
        #expect(String(decoding: encoded.dropFirst(2), as: UTF8.self) == text)
        #expect(SigningTime.seconds(tag: encoded[0], Array(encoded.dropFirst(2))) == seconds)
    }

    @Test(arguments: [
        "", "Z", "2609211333Z", "260921133320", "260921133320+0100", "261321133320Z", "26092113332aZ", "26092113332.Z",
    ])
    func otherTimesAreNone(_ text: String) {
        #expect(SigningTime.seconds(tag: 0x17, Array(text.utf8)) == nil)
        #expect(SigningTime.seconds(tag: 0x18, Array(text.utf8)) == nil)
    }
}

@Suite struct ContentCipherChoiceTests {
    private func capable(_ ciphers: ContentCipher...) throws -> SMIMECapabilities {
        try SMIMECapabilities(
            DER.element(
                0x30, ciphers.map { DER.sequence(DER.objectID($0.objectID), $0.isLegacy ? DER.integer(40) : []) }))
    }

    @Test func ownCapabilitiesCanBeRead() throws {
        #expect(try SMIMECapabilities(SMIMECapabilities.own.encoded) == .own)
        #expect(try capable(.aes128CBC, .rc2CBC40).ciphers == [.aes128CBC, .rc2CBC40])
        #expect(throws: CMSError(.limitExceeded, "")) {
            try SMIMECapabilities(
                DER.element(0x30, Array(repeating: DER.sequence(DER.objectID(.data)), count: 101)))
        }
    }

    @Test func gcmWhenAllCan() throws {
        let gcm = ContentCipherChoice.Recipient(learnt: .own)
        let cbc = ContentCipherChoice.Recipient(learnt: try capable(.aes256CBC, .aes128CBC))
        let old = ContentCipherChoice.Recipient(learnt: try capable(.tripleDESCBC))
        let small = ContentCipherChoice.Recipient(certified: try capable(.aes128CBC))
        #expect(ContentCipherChoice.choose([]) == .aes256CBC)
        #expect(ContentCipherChoice.choose([.init()]) == .aes256CBC)
        #expect(ContentCipherChoice.choose([gcm, gcm]) == .aes256GCM)
        #expect(ContentCipherChoice.choose([gcm, .init()]) == .aes256CBC)
        #expect(ContentCipherChoice.choose([gcm, cbc]) == .aes256CBC)
        #expect(ContentCipherChoice.choose([cbc, small]) == .aes128CBC)
        #expect(ContentCipherChoice.choose([old]) == .aes256CBC)
        #expect(ContentCipherChoice.choose([small, .init()]) == .aes256CBC)
    }

    @Test func mailCountsBeforeTheCertificate() throws {
        let both = ContentCipherChoice.Recipient(learnt: try capable(.aes128CBC), certified: .own)
        #expect(ContentCipherChoice.choose([both]) == .aes128CBC)
        let none = ContentCipherChoice.Recipient(learnt: try capable(.tripleDESCBC), certified: .own)
        #expect(ContentCipherChoice.choose([none]) == .aes256GCM)
    }
}
