import Libcrypto

/// Boundaries for our own multiparts.
enum Boundary {
    /// 128 random bits: whoever wrote the content cannot know it.
    static func random() throws -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = "=_"
        for byte in try SecureRandom.bytes(16) {
            text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte >> 4)]))
            text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte & 15)]))
        }
        return text
    }
}
