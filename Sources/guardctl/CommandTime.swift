import Foundation
import OpenPGP

/// Times on the command line and in output.
enum CommandTime {
    /// ISO 8601 with a time zone, a date alone (midnight UTC), or Unix seconds; now where there is none.
    static func parse(_ text: String?) throws -> Timestamp {
        guard let text else { return Timestamp(Int64(Date().timeIntervalSince1970)) }
        if let seconds = Int64(text), seconds >= 0 { return Timestamp(seconds) }
        let formatter = ISO8601DateFormatter()
        for options: ISO8601DateFormatter.Options in [[.withInternetDateTime], [.withFullDate]] {
            formatter.formatOptions = options
            if let date = formatter.date(from: text) { return Timestamp(Int64(date.timeIntervalSince1970)) }
        }
        throw InputError("--at \(text): not a time; write 2026-11-24T12:00:00Z or Unix seconds")
    }

    /// ISO 8601 in UTC.
    static func format(_ time: Timestamp) -> String {
        ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: TimeInterval(time.seconds)))
    }
}
