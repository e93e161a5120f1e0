import OpenPGP
import Testing

@Suite struct PacketStreamReaderTests {
    enum Event: Equatable {
        case began(PacketTag)
        case body([UInt8])
        case ended
    }

    /// Feeds pieces of a size and joins neighbouring body events.
    static func events(_ bytes: [UInt8], pieces: Int) throws -> [Event] {
        var reader = PacketStreamReader()
        var events: [Event] = []
        func add(_ step: PacketStreamReader.Step, _ piece: ArraySlice<UInt8>) {
            switch step {
            case .began(let header): events.append(.began(header.tag))
            case .ended: events.append(.ended)
            case .body(let range):
                let octets = Array(piece.dropFirst(range.lowerBound).prefix(range.count))
                if case .body(let before) = events.last {
                    events[events.count - 1] = .body(before + octets)
                } else {
                    events.append(.body(octets))
                }
            }
        }
        var start = 0
        while start < bytes.count {
            let piece = bytes[start..<min(start + pieces, bytes.count)]
            var position = 0
            let array = Array(piece)
            while let step = try reader.next(in: array.span, from: &position) { add(step, piece) }
            #expect(position == piece.count)
            start += pieces
        }
        if let step = try reader.finish() { add(step, []) }
        #expect(reader.isBetweenPackets)
        return events
    }

    @Test func doesNotDependOnHowTheDataIsCut() throws {
        var bytes: [UInt8] = []
        PacketWriter.write(.userID, body: Array("Alice".utf8), into: &bytes)
        PacketWriter.writeTag(.literalData, into: &bytes)
        let chunk = (0..<512).map { UInt8(truncatingIfNeeded: $0) }
        PacketWriter.writePartialLength(exponent: 9, into: &bytes)
        bytes += chunk
        PacketWriter.writePartialLength(exponent: 9, into: &bytes)
        bytes += chunk
        PacketWriter.writeLength(300, into: &bytes)
        bytes += chunk.prefix(300)
        PacketWriter.write(.marker, body: [], into: &bytes)
        bytes += [0x80 | 8 << 2 | 3, 1, 2, 3]
        let expected: [Event] = [
            .began(.userID), .body(Array("Alice".utf8)), .ended,
            .began(.literalData), .body(chunk + chunk + chunk.prefix(300)), .ended,
            .began(.marker), .ended,
            .began(.compressedData), .body([1, 2, 3]), .ended,
        ]
        for pieces in 1...100 { #expect(try Self.events(bytes, pieces: pieces) == expected, "pieces of \(pieces)") }
        #expect(try Self.events(bytes, pieces: bytes.count) == expected)
    }

    @Test func saysWhereTheDataBreaksOff() throws {
        var bytes: [UInt8] = []
        PacketWriter.write(.literalData, body: [UInt8](repeating: 1, count: 200), into: &bytes)
        for count in 1..<bytes.count {
            #expect(throws: OpenPGPError(.truncated, "")) { try Self.events(Array(bytes.prefix(count)), pieces: 7) }
        }
        let error = #expect(throws: OpenPGPError.self) { try Self.events(bytes + [0x12], pieces: 64) }
        #expect(error?.code == .malformed)
        #expect(error?.offset == bytes.count)
    }
}
