/// Dates as mail writes them (RFC 5322, section 3.3): `Wed, 25 Nov 2026 03:34:53 +0000`.
public enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment in universal time. Moments before 1970 or past the year 9999 are written as the nearest of these.
    public static func text(unixSeconds: Int64) -> String {
        let seconds = min(max(0, unixSeconds), 253_402_300_799)
        let (day, second) = seconds.quotientAndRemainder(dividingBy: 86400)
        let (year, month, dayOfMonth) = civil(day)
        func two(_ value: Int64) -> String { (value < 10 ? "0" : "") + String(value) }
        return "\(days[Int(day % 7)]), \(dayOfMonth) \(months[Int(month - 1)]) \(year) "
            + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) +0000"
    }

    /// Year, month and day of a day counted from 1970. Years are counted from March, so that a leap day ends one; 400
    /// years always have the same number of days.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let (era, ofEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let dayOfYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
