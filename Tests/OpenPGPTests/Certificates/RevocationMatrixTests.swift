import Foundation
import OpenPGP
import TestSupport
import Testing

/// Sequoia's table of one key revoked in every way, with signatures from every stretch of its life.
@Suite(.enabled(if: Corpora.isAvailable)) struct RevocationMatrixTests {
    private struct Row: Decodable {
        let cert: String
        let signature: String
        let data: String
        let expect: String
    }

    @Test func judgesEveryCell() throws {
        let bytes = try Corpora.bytes("interop-suite/revoked-key-matrix.json")
        let rows = try JSONDecoder().decode([Row].self, from: Data(bytes))
        #expect(rows.count > 20)
        for row in rows {
            let certificate = try Certificate(parsing: try Corpora.bytes("interop-suite/" + row.cert))
            let signature = try Corpora.bytes("interop-suite/" + row.signature)
            let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: signature)))
            verifier.push(Array(row.data.utf8))
            let found = try verifier.finish(signatures: signature, time: Timestamp(1_790_000_000)) { _ in [certificate]
            }
            let isGood = found.contains { $0.outcome == .good }
            #expect(isGood == (row.expect == "good"), "\(row.cert), \(row.signature): \(found.map(\.outcome))")
        }
    }
}
