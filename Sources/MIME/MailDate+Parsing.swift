extension MailDate {
    /// The moment that a date of a mail says (RFC 5322, section 3.3), the obsolete forms of years and zones included; nil
    /// for anything else.
    public static func unixSeconds(_ text: String) -> Int64? {
        guard text.utf8.count <= 200 else { return nil }
        var rest = text[...]
        if let comment = rest.firstIndex(of: "(") { rest = rest[..<comment] }
        if let comma = rest.firstIndex(of: ",") { rest = rest[comma...].dropFirst() }
        let words = rest.split(whereSeparator: \.isWhitespace)
        guard words.count == 4 || words.count == 5, let day = number(words[0], 1...31),
            let month = months.firstIndex(where: { $0.lowercased() == words[1].lowercased() }),
            let written = number(words[2], 0...9999)
        else { return nil }
        let year = words[2].utf8.count > 3 ? written : written < 50 ? written + 2000 : written + 1900
        let clock = words[3].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 2 || clock.count == 3, let hour = number(clock[0], 0...23),
            let minute = number(clock[1], 0...59), let second = clock.count == 3 ? number(clock[2], 0...60) : 0,
            let zone = words.count == 5 ? offset(words[4]) : 0
        else { return nil }
        let days = daysSince1970(year, Int64(month) + 1, day)
        return ((days * 24 + hour) * 60 + minute) * 60 + second - zone
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.count <= 4, let value = Int64(text),
            range.contains(value)
        else { return nil }
        return value
    }

    /// Seconds east of Greenwich. Letters that say nothing certain count as none.
    private static func offset(_ zone: Substring) -> Int64? {
        if zone.first == "+" || zone.first == "-" {
            guard zone.utf8.count == 5, let digits = number(zone.dropFirst(), 0...9999) else { return nil }
            let seconds = (digits / 100 * 60 + digits % 100) * 60
            return zone.first == "-" ? -seconds : seconds
        }
        let hours: [String: Int64] = [
            "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
        ]
        return (hours[zone.uppercased()] ?? 0) * 3600
    }

    /// Years are counted from March, so that a leap day ends one.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let ofEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + dayOfYear - 719_468
    }
}
