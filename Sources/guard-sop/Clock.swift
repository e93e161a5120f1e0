import Glibc
import OpenPGP

extension Timestamp {
    /// The system's clock.
    static func now() -> Timestamp { Timestamp(Int64(time(nil))) }

    /// The moment in UTC as ISO 8601 writes it.
    var iso8601: String {
        let days = seconds.flooredQuotient(by: 86_400)
        let (year, month, day) = Self.civil(days)
        let second = seconds - days * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = [second / 3600, second / 60 % 60, second % 60].map(two).joined(separator: ":")
        let zeros = String(repeating: "0", count: max(0, 4 - "\(year)".count))
        return "\(zeros)\(year)-\(two(month))-\(two(day))T\(time)Z"
    }

    /// Reads a date of ISO 8601, with or without its separators, in UTC unless it says an offset; nil for other texts.
    init?(iso8601 text: String) {
        let (date, rest) = text.prefixSplit(at: { $0 == "T" || $0 == "t" || $0 == " " })
        let day = date.filter { $0 != "-" }
        guard day.count == 8, let number = Int64(day), day.allSatisfy(\.isASCII), number > 0 else { return nil }
        let (month, dayOfMonth) = (number / 100 % 100, number % 100)
        guard (1...12).contains(month), (1...31).contains(dayOfMonth) else { return nil }
        var seconds = Self.days(number / 10_000, month, dayOfMonth) * 86_400
        if !rest.isEmpty {
            let (clock, zone) = rest.prefixSplit(at: { "Zz+-".contains($0) }, keeping: true)
            let digits = clock.prefix { $0 != "." && $0 != "," }.filter { $0 != ":" }
            guard [4, 6].contains(digits.count), let time = Int64(digits.count == 4 ? digits + "00" : digits),
                time >= 0, time / 10_000 < 24, time / 100 % 100 < 60, time % 100 <= 60,
                let offset = Self.offset(zone)
            else { return nil }
            seconds += time / 10_000 * 3600 + time / 100 % 100 * 60 + time % 100 - offset
        }
        self.init(seconds)
    }

    private static func offset(_ zone: Substring) -> Int64? {
        guard let sign = zone.first else { return 0 }
        if zone == "Z" || zone == "z" { return 0 }
        let digits = zone.dropFirst().filter { $0 != ":" }
        guard sign == "+" || sign == "-", [2, 4].contains(digits.count),
            let number = Int64(digits.count == 2 ? digits + "00" : digits), number >= 0, number % 100 < 60,
            number < 2400
        else { return nil }
        return (sign == "-" ? -1 : 1) * (number / 100 * 3600 + number % 100 * 60)
    }

    // The calendar repeats every 400 years of 146,097 days; years that begin in March put the leap day last.

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        let era = year.flooredQuotient(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension StringProtocol {
    /// The text before the first character that fits, and what follows, with that character where `keeping` says so.
    fileprivate func prefixSplit(
        at isEnd: (Character) -> Bool, keeping: Bool = false
    ) -> (SubSequence, SubSequence) {
        guard let end = firstIndex(where: isEnd) else { return (self[...], self[endIndex...]) }
        return (self[..<end], self[(keeping ? end : index(after: end))...])
    }
}
