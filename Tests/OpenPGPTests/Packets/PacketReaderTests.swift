import OpenPGP
import TestSupport
import Testing

@Suite struct PacketReaderTests {
    private func packets(_ bytes: [UInt8]) throws -> [RawPacket] {
        var reader = PacketReader(bytes)
        var found: [RawPacket] = []
        while let packet = try reader.next() { found.append(packet) }
        return found
    }

    @Test func readsEveryLengthFormOfBothFramings() throws {
        for count in [0, 1, 191, 192, 8383, 8384, 70000] {
            let body = [UInt8](repeating: 7, count: count)
            var new: [UInt8] = []
            PacketWriter.write(.literalData, body: body, into: &new)
            var old: [UInt8] = []
            switch count {
            case ..<256: old = [0x80 | 11 << 2, UInt8(count)]
            case ..<65536: old = [0x80 | 11 << 2 | 1, UInt8(count >> 8), UInt8(count & 255)]
            default: old = [0x80 | 11 << 2 | 2, 0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
            }
            for bytes in [new, old + body] {
                let found = try packets(bytes + bytes)
                #expect(found.map(\.tag) == [.literalData, .literalData])
                #expect(found.allSatisfy { $0.body.elementsEqual(body) })
                #expect(found.last?.offset == bytes.count)
            }
        }
        let open = try packets([0x80 | 11 << 2 | 3, 1, 2, 3])
        #expect(open.first?.body == [1, 2, 3])
    }

    @Test func joinsPartialLengths() throws {
        let bytes = [0xC0 | 11, 0xE1, 1, 2, 0xE0, 3, 2, 4, 5] as [UInt8]
        #expect(try packets(bytes).first?.body == [1, 2, 3, 4, 5])
    }

    @Test func refusesWhatIsNoPacket() {
        #expect(throws: OpenPGPError(.malformed, "")) { try packets([0x00]) }
        #expect(throws: OpenPGPError(.malformed, "")) { try packets([0xC0, 0]) }
        #expect(throws: OpenPGPError(.truncated, "")) { try packets([0xCB, 5, 1]) }
        #expect(throws: OpenPGPError(.truncated, "")) { try packets([0xCB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) }
        #expect(throws: OpenPGPError(.truncated, "")) { try packets([0xCB, 0xE1, 1, 2]) }
        // Keys and signatures have definite lengths.
        #expect(throws: OpenPGPError(.malformed, "")) { try packets([0xC2, 0xE0, 1, 0]) }
    }

    @Test func namesTheOffsetOfTheBrokenPacket() throws {
        var reader = PacketReader([0xCB, 1, 0, 0xCB, 9])
        _ = try reader.next()
        let error = #expect(throws: OpenPGPError.self) { try reader.next() }
        #expect(error?.offset == 3)
        #expect(try reader.next() == nil)
    }
}
