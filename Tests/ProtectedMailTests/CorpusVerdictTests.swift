import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@Suite(.enabled(if: Corpora.isAvailable)) struct CorpusVerdictTests {
    /// Nothing of any mail corpus stops an inspection, and the size of pieces changes nothing.
    @Test(arguments: ["transport-mangling", "openkeychain", "mime-is-broken", "mimekit", "mail-parser", "mime4j"])
    func everythingIsJudged(set: String) throws {
        let source = MemorySource()
        for name in try Corpora.files(under: set) {
            let bytes = try Corpora.bytes(name)
            guard bytes.count < 1 << 20 else { continue }
            let verdict = inspect(message: bytes, source: source, time: Timestamp(1_790_000_000))
            #expect(verdict.status != .pass && verdict.status != .temperror, "\(name): \(verdict)")
            guard let (header, body) = try? splitMessage(bytes) else { continue }
            let inspector = try Inspector(header: header, source: source, time: Timestamp(1_790_000_000))
            for start in stride(from: 0, to: body.count, by: 41) {
                try inspector.push(body[start..<min(body.count, start + 41)].span)
            }
            #expect(inspector.finish() == verdict, "\(name)")
        }
    }
}
