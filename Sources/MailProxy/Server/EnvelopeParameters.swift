/// The parameters of MAIL and RCPT (RFC 1870, 6152, 6531, 3461), held against what was announced.
struct EnvelopeParameters {
    /// What is not the server's own affair.
    private(set) var passed: [[UInt8]] = []
    /// SIZE: what the client says.
    private(set) var size: Int?
    private(set) var hasUTF8 = false

    /// - Throws: the reply to the command.
    static func mail(_ parameters: [[UInt8]], offered: Capabilities) throws(CommandDefect) -> EnvelopeParameters {
        var result = EnvelopeParameters()
        for (name, value, octets) in split(parameters) {
            switch name {
            case "SIZE":
                guard let size = Int(value ?? ""), size >= 0 else {
                    throw CommandDefect(501, "5.5.4 SIZE needs a number")
                }
                result.size = size
            case "BODY" where offered.eightBitMIME:
                guard ["7BIT", "8BITMIME"].contains(value?.uppercased()) else {
                    throw CommandDefect(501, "5.5.4 BODY is 7BIT or 8BITMIME")
                }
                result.passed.append(octets)
            case "SMTPUTF8" where offered.smtpUTF8 && value == nil:
                result.hasUTF8 = true
                result.passed.append(octets)
            case "RET" where offered.dsn && ["FULL", "HDRS"].contains(value?.uppercased()): result.passed.append(octets)
            case "ENVID" where offered.dsn && (value?.utf8.count ?? 0) <= 400: result.passed.append(octets)
            default: throw unknown(name)
            }
        }
        return result
    }

    /// - Throws: the reply to the command.
    static func recipient(_ parameters: [[UInt8]], offered: Capabilities) throws(CommandDefect) -> EnvelopeParameters {
        var result = EnvelopeParameters()
        for (name, value, octets) in split(parameters) {
            switch name {
            case "NOTIFY" where offered.dsn && value != nil: result.passed.append(octets)
            case "ORCPT" where offered.dsn && value != nil: result.passed.append(octets)
            default: throw unknown(name)
            }
        }
        return result
    }

    private static func unknown(_ name: String) -> CommandDefect {
        CommandDefect(555, "5.5.4 The parameter \(name.prefix(32)) is not known here, or its value is wrong")
    }

    private static func split(_ parameters: [[UInt8]]) -> [(name: String, value: String?, octets: [UInt8])] {
        parameters.map { octets in
            let name = octets.prefix { $0 != 0x3D }
            let value = name.count < octets.count ? octets.dropFirst(name.count + 1) : nil
            return (
                String(decoding: name, as: UTF8.self).uppercased(), value.map { String(decoding: $0, as: UTF8.self) },
                octets
            )
        }
    }
}
