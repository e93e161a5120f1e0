import TestSupport
import Testing

@testable import Libcrypto

@Suite struct CollisionDetectingSHA1Tests {
    /// The start of both files of the first published collision (Stevens, Bursztein, Karpman, Albertini, Markov: The first
    /// collision for full SHA-1, 2017).
    static let prefix = Hex.bytes(
        """
            255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033
            203020522f547970652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f72
            53706163652037203020522f4c656e6774682038203020522f42697473506572436f6d706f6e656e7420383e3e0a7374
            7265616d0affd8fffe00245348412d3120697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01
        """)
    static let halves = [
        Hex.bytes(
            """
            7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3
            dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500
            eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1
            """),
        Hex.bytes(
            """
            7f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df614f86db1690901c56b45c1530afedfb7
            6038e972722fe7ad728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f2a332ec37fac3514
            e74ddc0f2cc1a874cd0c78305a21566461309789606bd0bf3f98cda8044629a1
            """),
    ]

    static func hash(_ bytes: [UInt8]) -> (digest: [UInt8], collision: Bool) {
        var hash = CollisionDetectingSHA1()
        hash.update(bytes.span)
        return hash.finish()
    }

    @Test(arguments: [
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"), ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ])
    func publishedVectors(_ text: String, _ expected: String) {
        let found = Self.hash(Array(text.utf8))
        #expect(Hex.string(found.digest) == expected)
        #expect(!found.collision)
    }

    @Test func equalsLibcryptoForEveryLength() throws {
        for length in 0...300 {
            let bytes = try SecureRandom.bytes(length)
            let found = Self.hash(bytes)
            #expect(found.digest == (try Digest.hash(.sha1, bytes)), "\(length) octets")
            #expect(!found.collision)
        }
    }

    @Test func pieceSizesDoNotMatter() throws {
        let bytes = try SecureRandom.bytes(500)
        let expected = try Digest.hash(.sha1, bytes)
        for size in 1...130 {
            var hash = CollisionDetectingSHA1()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hash.update(bytes.span.extracting(start..<min(start + size, bytes.count)))
            }
            #expect(hash.finish().digest == expected, "pieces of \(size)")
            #expect(hash.finish().digest == expected)
        }
    }

    /// Both files collide with the last of these blocks, and what follows does not wash it away.
    @Test func theFirstCollision() {
        let found = Self.halves.map { Self.hash(Self.prefix + $0) }
        #expect(found.map(\.collision) == [true, true])
        #expect(found[0].digest == found[1].digest)
        #expect(Hex.string(found[0].digest) == "f92d74e3874587aaf443d1db961d4e26dde13e9c")
        #expect(Self.hash(Self.prefix + Self.halves[0] + [UInt8](repeating: 1, count: 1000)).collision)
        #expect(!Self.hash(Self.prefix).collision)
        #expect(!Self.hash(Self.prefix + Self.halves[0].prefix(64)).collision, "half of the way is no collision yet")
        var changed = Self.halves[0]
        changed[100] ^= 4
        #expect(!Self.hash(Self.prefix + changed).collision)
    }

    @Test func digestsRefuseCollisions() throws {
        let bytes = Self.prefix + Self.halves[0]
        let digest = try Digest(.sha1, refusingCollisions: true)
        digest.update(bytes.prefix(300))
        let copy = try digest.copy()
        copy.update(bytes.suffix(20))
        #expect(copy.finish() == [])
        #expect(digest.finish() == (try Digest.hash(.sha1, Array(bytes.prefix(300)))))
        let other = try Digest(.sha256, refusingCollisions: true)
        other.update(bytes)
        #expect(other.finish() == (try Digest.hash(.sha256, bytes)))
    }

    @Test func randomBlocksAreNoCollisions() throws {
        #expect(!Self.hash(try SecureRandom.bytes(64 * 10_000)).collision)
    }

    /// Each vector is a code word of the message expansion, as the difference of two messages must be, and leaves the state
    /// alone for the five steps before the one where both halves meet.
    @Test func vectorsFitTheirSteps() {
        func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
        for group in DisturbanceVectors.groups {
            #expect(group.vectors.count == 8)
            for vector in group.vectors {
                let words = DisturbanceVectors.messageDifferences(vector)
                for index in 16..<80 {
                    let sum = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
                    #expect(words[index] == rotate(sum, 1))
                }
                let step = Int(group.step)
                let quiet = DisturbanceVectors.disturbances(vector)[step..<step + 5]
                #expect(quiet.allSatisfy { $0 == 0 }, "\(vector)")
            }
        }
    }
}
