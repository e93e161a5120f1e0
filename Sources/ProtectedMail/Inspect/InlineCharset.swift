/// The character sets in which a signed text shows the octets that were signed.
enum InlineCharset {
    /// Supersets of ASCII that do not switch alphabets; the charset parameter of an inline signature is outside of the
    /// signature, so an attacker can choose it.
    static func isPlain(_ name: String?) -> Bool {
        guard let name = name?.lowercased() else { return true }
        if ["us-ascii", "ascii", "utf-8", "utf8", "koi8-r", "koi8-u", "gb18030", "gbk", "gb2312", "big5"].contains(name)
        {
            return true
        }
        return name.hasPrefix("iso-8859-") || name.hasPrefix("windows-125")
    }
}
