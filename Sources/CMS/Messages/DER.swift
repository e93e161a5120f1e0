/// Writes elements of DER (X.690).
enum DER {
    static let null: [UInt8] = [0x05, 0x00]
    /// What ends an element of indefinite length.
    static let endOfContents: [UInt8] = [0x00, 0x00]

    static func header(_ tag: UInt8, _ length: Int) -> [UInt8] {
        if length < 0x80 { return [tag, UInt8(truncatingIfNeeded: length)] }
        var digits: [UInt8] = []
        var left = length
        while left > 0 {
            digits.insert(UInt8(truncatingIfNeeded: left), at: 0)
            left >>= 8
        }
        return [tag, 0x80 | UInt8(truncatingIfNeeded: digits.count)] + digits
    }

    static func element(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] { element(tag, parts) }

    static func element(_ tag: UInt8, _ parts: [[UInt8]]) -> [UInt8] {
        header(tag, parts.reduce(0) { $0 + $1.count }) + parts.joined()
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, parts) }
    static func octetString(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }
    static func objectID(_ id: ObjectID) -> [UInt8] { element(0x06, id.bytes) }
    static func algorithm(_ id: ObjectID, _ parameters: [UInt8] = []) -> [UInt8] { sequence(objectID(id), parameters) }

    /// Of values below 2^31.
    static func integer(_ value: Int) -> [UInt8] {
        var digits: [UInt8] = []
        for shift in stride(from: 24, through: 0, by: -8) {
            let digit = UInt8(truncatingIfNeeded: value >> shift)
            if !digits.isEmpty || digit != 0 || shift == 0 { digits.append(digit) }
        }
        if let first = digits.first, first >= 0x80 { digits.insert(0, at: 0) }
        return element(0x02, digits)
    }

    /// SET OF, or with another tag: the elements in the order DER asks for.
    static func set(_ elements: [[UInt8]], tag: UInt8 = 0x31) -> [UInt8] {
        element(tag, elements.sorted { $0.lexicographicallyPrecedes($1) })
    }

    static func time(_ seconds: Int64) -> [UInt8] {
        // Days to a date of the Gregorian calendar, with years that begin in March.
        let clamped = min(max(seconds, 0), 253_402_300_799)
        let days = clamped / 86400 + 719468
        let era = days / 146097
        let dayOfEra = days % 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func digits(_ value: Int64, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let rest =
            digits(month, 2) + digits(day, 2) + digits(clamped / 3600 % 24, 2) + digits(clamped / 60 % 60, 2)
            + digits(clamped % 60, 2) + "Z"
        // RFC 5652 section 11.3: UTCTime up to 2049.
        return (1950..<2050).contains(year)
            ? element(0x17, Array((digits(year % 100, 2) + rest).utf8))
            : element(0x18, Array((digits(year, 4) + rest).utf8))
    }
}
