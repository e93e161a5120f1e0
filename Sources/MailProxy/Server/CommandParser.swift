/// Reads one command line.
public enum CommandParser {
    /// Octets of a line, its end not counted: what Postfix takes.
    public static let maxLineLength = 2048
    /// Parameters of MAIL or RCPT.
    static let maxParameters = 16

    /// Reads a line, without its CR LF.
    public static func parse(_ line: [UInt8]) throws(CommandDefect) -> SMTPCommand {
        let isClean = line.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard isClean else { throw CommandDefect(501, "5.5.2 A command has a control character") }
        let verbBytes = line.prefix { $0 != 0x20 && $0 != 0x09 }
        let rest = trim(line.dropFirst(verbBytes.count))
        let verb = String(decoding: verbBytes, as: UTF8.self).uppercased()
        switch verb {
        case "EHLO": return .hello(.ehlo, name: try name(rest))
        case "HELO": return .hello(.helo, name: try name(rest))
        case "LHLO": return .hello(.lhlo, name: try name(rest))
        case "MAIL":
            let (path, parameters) = try address(rest, after: "FROM:")
            return .mail(path, parameters)
        case "RCPT":
            let (path, parameters) = try address(rest, after: "TO:")
            guard path != .null else { throw CommandDefect(501, "5.1.3 An empty recipient") }
            return .recipient(path, parameters)
        case "DATA": return try bare(.data, rest)
        case "RSET": return try bare(.reset, rest)
        case "QUIT": return try bare(.quit, rest)
        case "STARTTLS": return try bare(.startTLS, rest)
        case "NOOP": return .noop
        case "HELP": return .help
        case "VRFY", "EXPN": return .verify
        case "XFORWARD": return .xforward(try attributes(rest))
        case "XCLIENT": return .xclient(try attributes(rest))
        // What browsers and other clients can be made to send to any port.
        case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT": return .foreign
        default: return verb.hasSuffix(":") ? .foreign : .unknown(String(verb.prefix(32)))
        }
    }

    private static func bare(_ command: SMTPCommand, _ rest: ArraySlice<UInt8>) throws(CommandDefect) -> SMTPCommand {
        guard rest.isEmpty else { throw CommandDefect(501, "5.5.4 The command takes no argument") }
        return command
    }

    private static func name(_ rest: ArraySlice<UInt8>) throws(CommandDefect) -> String {
        guard !rest.isEmpty, rest.count <= 255, rest.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw CommandDefect(501, "5.5.4 A host name is missing")
        }
        return String(decoding: rest, as: UTF8.self)
    }

    private static func address(
        _ rest: ArraySlice<UInt8>, after keyword: String
    ) throws(CommandDefect) -> (SMTPPath, [[UInt8]]) {
        let word = rest.prefix(keyword.utf8.count)
        guard String(decoding: word, as: UTF8.self).uppercased() == keyword else {
            throw CommandDefect(501, "5.5.4 \(keyword) is missing")
        }
        let argument = trim(rest.dropFirst(word.count))
        guard argument.first == 0x3C, let end = endOfPath(argument) else {
            throw CommandDefect(501, "5.1.7 An address stands in angle brackets")
        }
        let following = argument[argument.index(after: end)...]
        guard following.isEmpty || isBlank(following.first) else {
            throw CommandDefect(501, "5.5.4 There is something behind the address")
        }
        // No local part begins with an at sign: what still does has a second route, or nothing but one.
        guard let path = SMTPPath(Array(withoutRoute(argument[...end]))), !path.text.hasPrefix("@") else {
            throw CommandDefect(501, "5.1.7 The address cannot be read")
        }
        let parameters = trim(following).split(whereSeparator: isBlank).map { Array($0) }
        guard parameters.count <= maxParameters, parameters.allSatisfy(isParameter) else {
            throw CommandDefect(501, "5.5.4 A parameter cannot be read")
        }
        return (path, parameters)
    }

    /// The index of the bracket that closes a path; those in quotes do not.
    private static func endOfPath(_ bytes: ArraySlice<UInt8>) -> Int? {
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in zip(bytes.indices, bytes) {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == 0x5C {
                isEscaped = true
            } else if byte == 0x22 {
                isQuoted.toggle()
            } else if !isQuoted, byte == 0x3E {
                return index
            }
        }
        return nil
    }

    /// A path without its source route, which is to be accepted and ignored (RFC 5321, appendix C).
    private static func withoutRoute(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard path.dropFirst().first == 0x40, let colon = path.firstIndex(of: 0x3A) else { return path }
        return [0x3C] + path[path.index(after: colon)...]
    }

    /// `esmtp-param` of RFC 5321, section 4.1.2.
    private static func isParameter(_ bytes: [UInt8]) -> Bool {
        let keyword = bytes.prefix { $0 != 0x3D }
        guard !keyword.isEmpty, keyword.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D }), keyword.first != 0x2D else {
            return false
        }
        guard keyword.count < bytes.count else { return true }
        let value = bytes.dropFirst(keyword.count + 1)
        return !value.isEmpty && value.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x3D }
    }

    // MARK: - Attributes

    private static func attributes(_ rest: ArraySlice<UInt8>) throws(CommandDefect) -> [SMTPCommand.Attribute] {
        let words = rest.split(whereSeparator: isBlank)
        guard !words.isEmpty, words.count <= maxParameters else {
            throw CommandDefect(501, "5.5.4 Attributes are missing, or too many")
        }
        var result: [SMTPCommand.Attribute] = []
        for word in words {
            let name = word.prefix { $0 != 0x3D }
            guard name.count < word.count, !name.isEmpty, name.allSatisfy({ isAlphanumeric($0) }),
                let value = decodeXtext(word.dropFirst(name.count + 1)), value.utf8.count <= 255
            else { throw CommandDefect(501, "5.5.4 An attribute cannot be read") }
            result.append(
                SMTPCommand.Attribute(name: String(decoding: name, as: UTF8.self).uppercased(), value: value))
        }
        return result
    }

    /// xtext of RFC 3461, section 4; nil where it is none, or hides a control character.
    private static func decodeXtext(_ bytes: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == 0x2B else {
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                return nil
            }
            result.append(high << 4 | low)
        }
        guard result.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: result, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    private static func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while isBlank(bytes.first) { bytes.removeFirst() }
        while isBlank(bytes.last) { bytes.removeLast() }
        return bytes
    }
}
