import OpenPGP

extension KeyID {
    /// From 16 hexadecimal digits in either case; nil for other text.
    init?(digits: String) {
        // A sign would be a part of the number.
        guard digits.utf8.count == 16, digits.first != "+", let number = UInt64(digits, radix: 16) else { return nil }
        self.init(number)
    }
}
