import OpenPGP
import Testing

@Suite struct ArmorTests {
    private static let octets = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 7) }

    @Test func writesStrictly() {
        let text = String(
            decoding: Armor.encode(Self.octets, kind: .message, headers: [ArmorHeader("Comment", "x")]), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "-----BEGIN PGP MESSAGE-----")
        #expect(lines[1] == "Comment: x")
        #expect(lines[2] == "")
        #expect(lines[3].count == 64)
        #expect(text.hasSuffix("-----END PGP MESSAGE-----\n"))
        #expect(!text.contains("\n="))
    }

    @Test(arguments: [ArmorChecksum.whereGnuPGNeedsIt, .always, .never]) func writesTheChecksumAsTold(
        _ checksum: ArmorChecksum
    ) throws {
        for count in 0..<100 {
            let encoder = ArmorEncoder(kind: .message, checksum: checksum)
            var text: [UInt8] = []
            encoder.push(Array(Self.octets.prefix(count)), into: &text)
            encoder.finish(into: &text)
            let block = try #require(try Armor.decode(text).first)
            #expect(block.checksumIsRight)
            // GnuPG 2.2 does not read armor that has neither padding nor checksum.
            let isNeeded = checksum == .always || checksum == .whereGnuPGNeedsIt && count % 3 == 0
            #expect((block.checksum != nil) == isNeeded)
        }
    }

    @Test func leavesOutFieldsThatWouldBreakTheArmor() {
        let text = String(
            decoding: Armor.encode(
                [1], kind: .message, headers: [ArmorHeader("A", "x\n\nyy"), ArmorHeader("B:", "z")]),
            as: UTF8.self)
        #expect(text == "-----BEGIN PGP MESSAGE-----\n\nAQ==\n-----END PGP MESSAGE-----\n")
    }

    @Test func readsWhatItWritesInPiecesOfEverySize() throws {
        for count in [0, 1, 2, 3, 47, 48, 49, 96, 200] {
            let bytes = Array(Self.octets.prefix(count))
            let encoder = ArmorEncoder(kind: .signature, checksum: .always)
            var text: [UInt8] = []
            encoder.push(bytes, into: &text)
            encoder.finish(into: &text)
            for size in 1...100 {
                let pieces = ArmorEncoder(kind: .signature, checksum: .always)
                var again: [UInt8] = []
                for start in stride(from: 0, to: bytes.count, by: size) {
                    pieces.push(Array(bytes[start..<min(start + size, bytes.count)]), into: &again)
                }
                pieces.finish(into: &again)
                #expect(again == text)

                let decoder = ArmorDecoder()
                var output: [UInt8] = []
                for start in stride(from: 0, to: text.count, by: size) {
                    let piece = Array(text[start..<min(start + size, text.count)])
                    try decoder.push(piece.span, into: &output)
                }
                try decoder.finish(into: &output)
                #expect(output == bytes)
                #expect(decoder.kind == .signature)
                #expect(decoder.checksum != nil)
            }
            let block = try #require(try Armor.decode(text).first)
            #expect(block.bytes == bytes)
            #expect(block.checksumIsRight)
        }
    }

    private func decoded(_ text: String) throws -> [UInt8]? { try Armor.decode(Array(text.utf8)).first?.bytes }

    @Test(arguments: [
        "-----BEGIN PGP MESSAGE-----\n\nAQID\n-----END PGP MESSAGE-----",
        "some text\n  \n-----BEGIN PGP MESSAGE-----  \n \t \nAQID\n-----END PGP MESSAGE-----\nmore",
        "-----BEGIN PGP MESSAGE-----\r\nVersion: x\r\nComment:\r\n\r\nAQID\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n",
        "-----BEGIN PGP MESSAGE-----\nAQID\n-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP MESSAGE-----\nCharset: é: y\n\nA\nQ I\n\nD  \n=\n-----END PGP MESSAGE-----\n",
        "\u{FEFF}-----BEGIN PGP MESSAGE-----\n\nAQID\n=!!!!\n\n-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n-----BEGIN PGP SIGNATURE-----\n\nAQID\n-----END PGP SIGNATURE-----\n",
    ]) func toleratesWhatMailDoes(_ text: String) throws {
        #expect(try decoded(text) == [1, 2, 3])
    }

    @Test func acceptsMissingPadding() throws {
        #expect(try decoded("-----BEGIN PGP MESSAGE-----\n\nAQI\n-----END PGP MESSAGE-----\n") == [1, 2])
        #expect(try decoded("-----BEGIN PGP MESSAGE-----\n\nAQ\n==\n=twTO\n-----END PGP MESSAGE-----\n") == [1])
    }

    @Test(arguments: [
        ("-----BEGIN PGP MESSAGE-----\n\nAQID\n", OpenPGPError.Code.truncated),
        ("-----BEGIN PGP MESSAGE-----\n\nAQ%D\n-----END PGP MESSAGE-----\n", .malformed),
        ("-----BEGIN PGP MESSAGE-----\n\nAQIDA\n-----END PGP MESSAGE-----\n", .malformed),
        ("-----BEGIN PGP MESSAGE-----\n\nAQ==ID\n-----END PGP MESSAGE-----\n", .malformed),
        ("-----BEGIN PGP MESSAGE-----\n\nAQID\n=abcd\nAQID\n-----END PGP MESSAGE-----\n", .malformed),
    ]) func refusesWhatWouldLoseData(_ text: String, code: OpenPGPError.Code) {
        #expect(throws: OpenPGPError(code, "")) { try decoded(text) }
    }

    @Test func findsAllObjects() throws {
        let text = Armor.encode([1], kind: .publicKey) + Array("between\n".utf8) + Armor.encode([2], kind: .privateKey)
        let blocks = try Armor.decode(text)
        #expect(blocks.map(\.kind) == [.publicKey, .privateKey])
        #expect(blocks.map(\.bytes) == [[1], [2]])
        #expect(try Armor.decode(Array("nothing here".utf8)).isEmpty)
    }

    @Test func boundsTheHeader() {
        let fields = String(repeating: "A: b\n", count: 300)
        #expect(throws: OpenPGPError(.limitExceeded, "")) {
            try decoded("-----BEGIN PGP MESSAGE-----\n" + fields + "\nAQID\n-----END PGP MESSAGE-----\n")
        }
        let long = String(repeating: "x", count: 20000)
        #expect(throws: OpenPGPError(.limitExceeded, "")) {
            try decoded("-----BEGIN PGP MESSAGE-----\nA: " + long + "\n\nAQID\n-----END PGP MESSAGE-----\n")
        }
        #expect(throws: Never.self) {
            try decoded(long + "\n-----BEGIN PGP MESSAGE-----\n\nAQID\n-----END PGP MESSAGE-----\n")
        }
    }

    @Test func tellsArmorFromPackets() {
        #expect(Armor.isArmored(Array("\n-----BEGIN".utf8)))
        #expect(Armor.isArmored([0xEF, 0xBB, 0xBF, 0x2D]))
        #expect(!Armor.isArmored([0x99, 0x01]))
        #expect(!Armor.isArmored([]))
    }
}
