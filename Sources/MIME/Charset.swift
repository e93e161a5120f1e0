/// The character sets this target decodes itself: UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15 and Windows-1252.
///
/// Everything else is reported as not decoded: nothing guarded here needs the text, only the octets.
public enum Charset {
    /// `bytes` as text; nil when the set is none of ours or when an octet has no meaning in it.
    ///
    /// - Parameter label: the name in a message, any case; common aliases are known.
    public static func decode(_ bytes: some Collection<UInt8>, label: String) -> String? {
        switch label.lowercased() {
        case "utf-8", "utf8": String(validating: bytes, as: UTF8.self)
        case "us-ascii", "ascii", "ansi_x3.4-1968": bytes.allSatisfy { $0 < 0x80 } ? table(bytes) { $0 } : nil
        case "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1": table(bytes) { $0 }
        case "iso-8859-15", "latin9", "iso8859-15", "iso_8859-15": table(bytes) { latin9[$0] ?? $0 }
        case "windows-1252", "cp1252", "x-ansi":
            table(bytes) { code in
                guard code >= 0x80, code < 0xA0 else { return code }
                let index = Int(code) - 0x80
                return index < windows.count && windows[index] != 0 ? windows[index] : nil
            }
        default: nil
        }
    }

    private static func table(_ bytes: some Collection<UInt8>, _ map: (UInt32) -> UInt32?) -> String? {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            guard let code = map(UInt32(byte)), let scalar = Unicode.Scalar(code) else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    private static let latin9: [UInt32: UInt32] = [
        0xA4: 0x20AC, 0xA6: 0x160, 0xA8: 0x161, 0xB4: 0x17D, 0xB8: 0x17E, 0xBC: 0x152, 0xBD: 0x153, 0xBE: 0x178,
    ]
    private static let windows: [UInt32] = [
        0x20AC, 0, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0, 0x17E, 0x178,
    ]
}
