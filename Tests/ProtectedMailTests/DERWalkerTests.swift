import Testing

@testable import ProtectedMail

@Suite struct DERWalkerTests {
    private func walk(_ bytes: [UInt8], piece: Int) -> DERWalker.State {
        var walker = DERWalker()
        for start in stride(from: 0, to: bytes.count, by: piece) {
            walker.push(bytes[start..<min(bytes.count, start + piece)].span)
        }
        walker.finish()
        return walker.state
    }

    private func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        return [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }

    private static let enveloped: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03]
    private static let signed: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02]
    private static let authEnveloped: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17]

    private func contentInfo(_ oid: [UInt8], _ content: [UInt8]) -> [UInt8] {
        value(0x30, value(0x06, oid) + value(0xA0, value(0x30, content)))
    }

    @Test func definiteLengths() {
        let content = value(0x02, [0]) + value(0x31, []) + value(0x04, Array(repeating: 7, count: 300))
        for (oid, expected) in [
            (Self.enveloped, DERWalker.State.enveloped), (Self.authEnveloped, .enveloped), (Self.signed, .refused),
        ] {
            let bytes = contentInfo(oid, content)
            for piece in 1...bytes.count {
                #expect(walk(bytes, piece: piece) == expected)
                #expect(walk(bytes + [0], piece: piece) == .refused)
            }
            for end in 0..<bytes.count { #expect(walk(Array(bytes[..<end]), piece: 64) == .refused) }
        }
    }

    @Test func indefiniteLengths() {
        let bytes: [UInt8] =
            [0x30, 0x80] + value(0x06, Self.enveloped) + [0xA0, 0x80, 0x30, 0x80] + value(0x02, [0])
            + [0x24, 0x80] + value(0x04, [1, 2, 3]) + [0, 0] + [0, 0, 0, 0, 0, 0]
        for piece in 1...bytes.count {
            #expect(walk(bytes, piece: piece) == .enveloped)
            #expect(walk(bytes + [0x41], piece: piece) == .refused)
            #expect(walk(Array(bytes.dropLast(2)), piece: piece) == .refused)
        }
    }

    @Test func clearTextAfterTheStart() {
        let start = Array(contentInfo(Self.enveloped, value(0x04, [1])).dropLast(1))
        #expect(walk(start + Array("and now clear text".utf8), piece: 5) == .refused)
        #expect(walk(Array("clear text".utf8), piece: 3) == .refused)
        #expect(walk([], piece: 1) == .refused)
    }
}
