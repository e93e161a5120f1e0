import Foundation
import Libcrypto
import Testing

@Suite struct SpoolTests {
    static func sample(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 9) } }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 3_000_000])
    func givesBackWhatWasAppended(_ count: Int) throws {
        let content = Self.sample(count)
        let spool = Spool()
        for start in stride(from: 0, to: count, by: 70_001) {
            try spool.append(content.span.extracting(start..<min(start + 70_001, count)))
        }
        #expect(spool.count == count)
        #expect(spool.isOnDisk == (count > 1 << 20))
        for _ in 0..<2 {
            var pieces: [UInt8] = []
            try spool.forEachChunk { chunk in
                #expect(chunk.count <= Spool.recordSize)
                for index in 0..<chunk.count { pieces.append(chunk[index]) }
            }
            #expect(pieces == content)
        }
        #expect(try spool.bytes() == content)
    }

    @Test func growsAfterReading() throws {
        let spool = Spool(memoryLimit: 1000)
        try spool.append(Self.sample(200_000))
        #expect(try spool.bytes() == Self.sample(200_000))
        try spool.append(Self.sample(100))
        #expect(try spool.bytes() == Self.sample(200_000) + Self.sample(100))
    }

    @Test func leavesNothingReadableInItsDirectory() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let spool = Spool(memoryLimit: 0, directory: directory.path)
        try spool.append([UInt8](repeating: UInt8(ascii: "S"), count: 300_000))
        #expect(spool.isOnDisk)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        // The open descriptor is the only way to the file; its content is sealed.
        let needle = Data(repeating: UInt8(ascii: "S"), count: 16)
        var seen = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            let link = "/proc/self/fd/" + name
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
                target.hasPrefix(directory.path), let content = FileManager.default.contents(atPath: link)
            else { continue }
            seen += 1
            #expect(content.count >= 4 * Spool.recordSize)
            #expect(content.range(of: needle) == nil)
        }
        #expect(seen == 1)
    }

    @Test func keepsWhatIsNoSecretAsItIs() throws {
        let spool = Spool(memoryLimit: 1000, isSecret: false)
        let content = Self.sample(300_001)
        try spool.append(content)
        #expect(spool.isOnDisk)
        #expect(try spool.bytes() == content)
        try spool.append([7])
        #expect(try spool.bytes() == content + [7])
    }

    @Test func failuresAreThrown() {
        let spool = Spool(memoryLimit: 0, directory: "/nonexistent")
        #expect(throws: LibcryptoError(.spoolFailed, "")) { try spool.append([1]) }
        // A device that is always full.
        let text = "\(LibcryptoError(.spoolFailed, "why"))"
        #expect(text == "spool-failed: why")
    }
}
