import OpenPGP

/// When signatures must have been made to count.
struct DateWindow {
    let earliest: Timestamp?
    let latest: Timestamp?

    /// - Parameters:
    ///   - earliest: a date, `now`, or `-` for no bound, which is the default.
    ///   - latest: the same; the default is now.
    init(from earliest: String?, to latest: String?, now: Timestamp) throws {
        self.earliest = try Self.moment(earliest ?? "-", now)
        self.latest = try Self.moment(latest ?? "now", now)
    }

    static func moment(_ text: String, _ now: Timestamp) throws -> Timestamp? {
        switch text {
        case "-": return nil
        case "now": return now
        default:
            guard let moment = Timestamp(iso8601: text) else {
                throw Failure(.unsupportedOption, "\(text) is not a date of ISO 8601")
            }
            return moment
        }
    }

    func contains(_ moment: Timestamp) -> Bool {
        (earliest.map { $0 <= moment } ?? true) && (latest.map { moment <= $0 } ?? true)
    }
}
