import Foundation
import MIME
import Testing

@testable import ProtectedMail

@Suite struct SevenBitRewriterTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".in.eml") }.map { String($0.dropLast(7)) }.sorted()
    }()

    @Test func goldenPairsExist() { #expect(Self.names.count >= 10) }

    /// `name.in.eml` rewritten is `name.out.eml`, or the error named in `name.out.error`. `GUARDD_GOLDEN=write` records
    /// what comes out, for a reviewer.
    @Test(arguments: names) func goldenPair(name: String) throws {
        let input = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name + ".in.eml")))
        let output: [UInt8]
        let file: URL
        do {
            output = try SevenBitRewriter.rewrite(input)
            file = Self.folder.appendingPathComponent(name + ".out.eml")
        } catch let error as ProtectedMailError {
            output = Array((error.code.rawValue + "\n").utf8)
            file = Self.folder.appendingPathComponent(name + ".out.error")
        }
        if ProcessInfo.processInfo.environment["GUARDD_GOLDEN"] == "write" { try Data(output).write(to: file) }
        #expect(output == [UInt8](try Data(contentsOf: file)))
    }

    /// What is rewritten is safe, says the same as before, and is not rewritten again.
    @Test(arguments: names) func properties(name: String) throws {
        let input = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name + ".in.eml")))
        guard let output = try? SevenBitRewriter.rewrite(input) else { return }
        #expect(try SevenBitRewriter.rewrite(output) == output)
        let (before, after) = (try Message(parsing: input), try Message(parsing: output))
        let (old, new) = (before.root.flattened, after.root.flattened)
        #expect(old.map(\.contentType) == new.map(\.contentType))
        for (one, two) in zip(old, new) where one.children.isEmpty && two.children.isEmpty {
            #expect(
                before.decodedBody(of: one).bytes == after.decodedBody(of: two).bytes, "\(one.contentType.mediaType)")
        }
    }
}
