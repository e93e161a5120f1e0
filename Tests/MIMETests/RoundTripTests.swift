import Foundation
import MIME
import TestSupport
import Testing

/// Every file of every corpus, mail or not: parsing loses nothing.
@Suite(.enabled(if: Corpora.isAvailable))
struct RoundTripTests {
    static let sets: [String] = {
        guard let root = Corpora.root, let names = try? FileManager.default.contentsOfDirectory(atPath: root.path)
        else {
            return []
        }
        return names.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(
                atPath: root.appendingPathComponent(name).path, isDirectory: &isDirectory)
                && isDirectory.boolValue
        }.sorted()
    }()

    @Test(arguments: sets)
    func everyFileComesBackByteForByte(set: String) throws {
        for name in try Corpora.files(under: set) {
            let original = try Corpora.bytes(name)
            for bytes in [original, crlfOnly(original)] {
                let message: Message
                do {
                    message = try Message(parsing: bytes)
                } catch {
                    // Past a standard limit: named, and readable with wider ones.
                    message = try Message(
                        parsing: bytes,
                        limits: Limits(
                            maxDepth: 400, maxParts: 1 << 20, maxHeaderBytes: 1 << 30, maxLineLength: 1 << 30))
                }
                #expect(message.serialized() == bytes, "\(name)")
                #expect(message.reassembled() == bytes, "\(name)")
                #expect(isWellNested(message.root), "\(name)")
            }
        }
    }

    /// Tree and stream split alike: the parts of every multipart are the same octets.
    @Test(arguments: sets)
    func scannerAgreesWithTree(set: String) throws {
        for name in try Corpora.files(under: set) {
            guard let message = try? Message(parsing: Corpora.bytes(name)) else { continue }
            for entity in message.root.flattened {
                guard let boundary = entity.boundary, entity.bodyRange.count < 200_000 else { continue }
                let body = Array(message.body(of: entity))
                for sizes in [[body.count + 1], [1], [3, 7, 2, 64]] {
                    let runs = try scan(boundary, pieces(body, sizes))
                    #expect(runs.flatMap(\.bytes) == body, "\(name)")
                    let delimiters = runs.filter {
                        if case .delimiter = $0.region { true } else { $0.region == .closeDelimiter }
                    }
                    #expect(delimiters.map(\.bytes) == entity.delimiters.map { Array(message.slice($0)) }, "\(name)")
                    for (index, child) in entity.children.enumerated() {
                        let part = runs.first { $0.region == .part(index) }?.bytes ?? []
                        #expect(part == Array(message.slice(child.range)), "\(name) part \(index)")
                    }
                }
            }
        }
    }

    private func crlfOnly(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 32)
        var last: UInt8 = 0
        for byte in bytes {
            if byte == 10, last != 13 { result.append(13) }
            result.append(byte)
            last = byte
        }
        return result
    }
}
