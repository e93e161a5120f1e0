import MIME
import OpenPGP

/// What the Date field of a message says (RFC 5322, section 3.3, with the obsolete forms of section 4.3).
enum MessageDate: Equatable {
    case none
    case one(Timestamp)
    /// Several fields, or one that cannot be read.
    case ambiguous

    init(_ header: [HeaderField]) {
        let fields = header.filter { $0.isNamed("Date") }
        guard let field = fields.first else {
            self = .none
            return
        }
        guard fields.count == 1, let time = Self.parse(field.unfolded) else {
            self = .ambiguous
            return
        }
        self = .one(time)
    }

    /// The moment a field value names; nil where it names none.
    static func parse(_ value: [UInt8]) -> Timestamp? {
        var words = withoutComments(value).split { $0 == Octet.space || $0 == Octet.tab || $0 == UInt8(ascii: ",") }
            .map { String(decoding: $0, as: UTF8.self).lowercased() }
        if let first = words.first, !first.utf8.allSatisfy(isDigit) { words.removeFirst() }
        guard words.count >= 4, let day = number(words[0]),
            let month = months.firstIndex(of: String(words[1].prefix(3))),
            var year = number(words[2])
        else { return nil }
        // Years of two and three digits (RFC 5322, section 4.3).
        if words[2].utf8.count == 2 { year += year < 50 ? 2000 : 1900 }
        if words[2].utf8.count == 3 { year += 1900 }
        let clock = words[3].split(separator: ":").map { number(String($0)) }
        guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1],
            let second = clock.count == 3 ? clock[2] : 0,
            (1...31).contains(day), (1900...9999).contains(year), hour < 24, minute < 60, second <= 60
        else { return nil }
        guard let offset = words.count > 4 ? zone(words[4]) : 0 else { return nil }
        let days = daysSinceEpoch(year: year, month: month + 1, day: day)
        return Timestamp(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// One to four digits.
    private static func number(_ text: String) -> Int64? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
        return Int64(text)
    }

    /// Seconds east of UTC; letters of unknown meaning count as UTC, as the standard says.
    private static func zone(_ text: String) -> Int64? {
        guard let sign = text.first, sign == "+" || sign == "-" else {
            let american: [String: Int64] = [
                "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
            ]
            return (american[text] ?? 0) * 3600
        }
        guard text.utf8.count == 5, let digits = number(String(text.dropFirst())) else { return nil }
        let offset = digits / 100 * 3600 + digits % 100 * 60
        return sign == "+" ? offset : -offset
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar, counted from years that begin in March.
    private static func daysSinceEpoch(year: Int64, month: Int, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = Int64((month + 9) % 12)
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        return shifted * 365 + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
    }

    private static func withoutComments(_ value: [UInt8]) -> [UInt8] {
        var depth = 0
        return value.compactMap { byte in
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")") where depth > 0: depth -= 1
            default: return depth == 0 ? byte : nil
            }
            return Octet.space
        }
    }
}
