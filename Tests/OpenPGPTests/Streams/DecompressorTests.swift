import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

@Suite struct DecompressorTests {
    static let text = Array(String(repeating: "The quick brown fox jumps over the lazy dog.\r\n", count: 3).utf8)
    /// The text as bzip2 and zlib compress it.
    static let compressed: [(CompressionID, [UInt8])] = [
        (
            .bzip2,
            Hex.bytes(
                "425a6839314159265359e6fa9339000011d3800012400104003ffffff0200048cffd548982608cd11e8d20afd51a868064c801e882a68edb3b6492093dbcb7628a08d09a97d74d5378703470a7621a9e1f086c7a7e20a29018ca142a2ee48a70a121cdf52672"
            )
        ),
        (
            .zlib,
            Hex.bytes(
                "789c0bc94855282ccd4cce56482aca2fcf5348cbaf50c82acd2d2856c82f4b2d5228014ae72456552aa4e4a7ebf17285d0503500550a305b"
            )
        ),
    ]

    static func content(_ algorithm: CompressionID, _ input: [UInt8], pieces: Int = 1 << 20) throws -> [UInt8] {
        let decompressor = try algorithm.decompressor()
        var output: [UInt8] = []
        for start in stride(from: 0, to: input.count, by: pieces) {
            try decompressor.push(input.span.extracting(start..<min(start + pieces, input.count))) { piece in
                for index in piece.indices { output.append(piece[index]) }
            }
        }
        try decompressor.finish()
        return output
    }

    @Test(arguments: compressed) func pieceSizesDoNotMatter(_ algorithm: CompressionID, _ input: [UInt8]) throws {
        for pieces in [1, 2, 7, 1000] { #expect(try Self.content(algorithm, input, pieces: pieces) == Self.text) }
        #expect(try Self.content(algorithm, input + [1, 2, 3]) == Self.text, "what follows is dropped")
    }

    @Test(arguments: compressed) func damageIsFound(_ algorithm: CompressionID, _ input: [UInt8]) {
        for end in input.indices {
            #expect(throws: OpenPGPError(.truncated, "")) { _ = try Self.content(algorithm, Array(input[..<end])) }
        }
        for index in input.indices.dropLast(4) {
            var broken = input
            broken[index] ^= 0x20
            if let read = try? Self.content(algorithm, broken) { #expect(read == Self.text, "octet \(index)") }
        }
        #expect(throws: OpenPGPError(.malformed, "")) {
            _ = try Self.content(algorithm, [UInt8](repeating: 7, count: 50))
        }
    }

    /// 64 MiB of zeros.
    @Test func outOfProportion() {
        let bomb = Hex.bytes(
            "425a68393141592653590e09e2df015f8e4000c0000008200030804d4642a025a90a8097314159265359bc04b5c300a275c000c0000008200020a40836328a884d2a2a2138bb9229c2848500bb83e8"
        )
        #expect(throws: OpenPGPError(.limitExceeded, "")) {
            let decompressor = try CompressionID.bzip2.decompressor()
            try decompressor.push(bomb.span) { _ in }
        }
    }

    @Test func unknownAlgorithms() {
        for algorithm in [CompressionID.uncompressed, CompressionID(rawValue: 4)] {
            #expect(throws: OpenPGPError(.unsupportedAlgorithm, "")) { _ = try algorithm.decompressor() }
        }
    }
}
