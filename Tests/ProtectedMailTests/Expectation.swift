import Foundation
import OpenPGP
import TestSupport

/// What a corpus says of one of its mails (`expected.json`).
struct Expectation: Decodable {
    var kind: String
    var verify: String?
    var decrypt: String?
    var attack: Bool?
    var verifyTime: String?
    /// The trust anchor, a file of the set.
    var ca: String?

    enum CodingKeys: String, CodingKey {
        case kind, verify, decrypt, attack, ca
        case verifyTime = "verify_time"
    }

    /// All of a set, by file name, sorted.
    static func all(of set: String) throws -> [(name: String, expected: Expectation)] {
        try JSONDecoder().decode([String: Expectation].self, from: Data(Corpora.bytes(set + "/expected.json")))
            .sorted { $0.key < $1.key }.map { (set + "/" + $0.key, $0.value) }
    }

    /// The clock to use.
    var time: Timestamp {
        let date = verifyTime.flatMap { ISO8601DateFormatter().date(from: $0) } ?? Date()
        return Timestamp(Int64(date.timeIntervalSince1970))
    }
}
