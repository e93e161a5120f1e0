import Guard
public import Libcrypto

/// What a request says: the query, and a form, JSON object or multipart form in its body, under one roof.
///
/// A name that comes twice in one place, or in both with different values, is refused. Passwords are refused in the
/// query, where access logs would keep them. All errors are `GuardError` with a code of `GRD-REQ`.
public struct Parameters: Sendable {
    enum Value: Sendable, Equatable {
        case octets([UInt8])
        case json(JSONValue)
    }

    /// Parameters that hold a password or what stands for one, in lower case.
    static let secretNames: Set<String> = [
        "password", "e_password", "encr_password", "keypassword", "newpassword", "oldpass", "newpass", "answer", "pin",
        "ox_password",
    ]
    /// The longest text, in octets.
    static let maximumText = 64 << 10

    private var values: [String: Value] = [:]

    init() {}

    /// Takes a parameter in; one that is there already must say the same.
    mutating func add(_ name: String, _ value: Value) throws(GuardError) {
        guard values.count < 100 else { throw GuardError(.badParameter, "more than 100 parameters") }
        guard let other = values[name] else {
            values[name] = value
            return
        }
        let isSame =
            other == value || Self.plain(other) != nil && Self.plain(other) == Self.plain(value)
            || name == "type" && Self.plain(other)?.lowercased() == Self.plain(value)?.lowercased()
        guard isSame else { throw bad(name, "stands in two places and says different things") }
    }

    /// Whether the parameter is there at all, even if it is null or empty.
    public func has(_ name: String) -> Bool { values[name] != nil }

    /// Asks for a parameter that may be empty, but must be there.
    func demand(_ name: String) throws(GuardError) {
        guard has(name) else { throw missing(name) }
    }

    /// Text of one line, at most 64 KiB; nil where the parameter is missing or null.
    public func text(_ name: String) throws(GuardError) -> String? {
        guard let octets = try octets(name) else { return nil }
        guard octets.count <= Self.maximumText else { throw bad(name, "is longer than \(Self.maximumText) octets") }
        guard !octets.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw bad(name, "holds a control character") }
        guard let text = String(validating: octets, as: UTF8.self) else { throw bad(name, "is no UTF-8") }
        return text
    }

    /// Text of one line that must be there and not be empty.
    public func required(_ name: String) throws(GuardError) -> String {
        guard let text = try text(name), !text.isEmpty else { throw missing(name) }
        return text
    }

    /// A whole number; nil where the parameter is missing, null or empty.
    public func integer(_ name: String, in range: ClosedRange<Int64> = .min ... .max) throws(GuardError) -> Int64? {
        let number: Int64?
        switch values[name] {
        case nil, .json(.null): return nil
        case .json(.integer(let value)): number = value
        case .json(.number(let value)): number = Int64(exactly: value)
        case .octets(let octets):
            if octets.isEmpty { return nil }
            number = octets.count <= 20 ? Int64(String(decoding: octets, as: UTF8.self)) : nil
        case .json(.string(let octets)):
            number = octets.count <= 20 ? Int64(String(decoding: octets, as: UTF8.self)) : nil
        default: number = nil
        }
        guard let number, range.contains(number) else { throw bad(name, "is no whole number in its range") }
        return number
    }

    /// A whole number that must be there.
    public func requiredInteger(_ name: String, in range: ClosedRange<Int64> = .min ... .max) throws(GuardError)
        -> Int64
    {
        guard let number = try integer(name, in: range) else { throw missing(name) }
        return number
    }

    /// An OpenPGP key ID: a 64-bit number with sign, as answers write it, or hexadecimal digits (16 with a letter among
    /// them, or any up to 16 after 0x); nil where the parameter is missing, null or empty.
    public func keyID(_ name: String) throws(GuardError) -> UInt64? {
        guard let text = try scalarText(name), !text.isEmpty else { return nil }
        let id: UInt64?
        if text.lowercased().hasPrefix("0x") {
            id = text.count <= 18 ? UInt64(text.dropFirst(2), radix: 16) : nil
        } else if text.count == 16, text.contains(where: \.isLetter) {
            id = UInt64(text, radix: 16)
        } else {
            id = Int64(text).map { UInt64(bitPattern: $0) }
        }
        guard let id else { throw bad(name, "is no key ID") }
        return id
    }

    /// true, false, 1, 0, on, off, yes, no; nil where the parameter is missing, null or empty.
    public func bool(_ name: String) throws(GuardError) -> Bool? {
        switch try scalarText(name)?.lowercased() {
        case nil, "": return nil
        case "true", "1", "on", "yes": return true
        case "false", "0", "off", "no": return false
        default: throw bad(name, "is neither true nor false")
        }
    }

    /// A truth value that must be there.
    public func requiredBool(_ name: String) throws(GuardError) -> Bool {
        guard let value = try bool(name) else { throw missing(name) }
        return value
    }

    /// A password; nil where the parameter is missing, null or empty. The query never has one.
    public func secret(_ name: String) throws(GuardError) -> SecretBytes? {
        switch values[name] {
        case nil, .json(.null): return nil
        case .json(.secret(let secret)): return secret.count == 0 ? nil : secret
        case .octets(let octets), .json(.string(let octets)):
            return octets.isEmpty ? nil : SecretBytes(copying: octets)
        default: throw bad(name, "is no text")
        }
    }

    /// A password that must be there.
    public func requiredSecret(_ name: String) throws(GuardError) -> SecretBytes {
        guard let secret = try secret(name) else { throw missing(name) }
        return secret
    }

    /// The octets of a file, or of text of any length; nil where the parameter is missing or null.
    public func file(_ name: String) throws(GuardError) -> [UInt8]? { try octets(name) }

    /// The octets of a file that must be there and not be empty.
    public func requiredFile(_ name: String) throws(GuardError) -> [UInt8] {
        guard let octets = try octets(name), !octets.isEmpty else { throw missing(name) }
        return octets
    }

    /// A JSON value: a member of a JSON body, or the JSON text of a form field.
    public func json(_ name: String) throws(GuardError) -> JSONValue? {
        switch values[name] {
        case nil: return nil
        case .json(let value): return value
        case .octets(let octets): return try JSONReader.read(octets)
        }
    }

    private func octets(_ name: String) throws(GuardError) -> [UInt8]? {
        switch values[name] {
        case nil, .json(.null): return nil
        case .octets(let octets), .json(.string(let octets)): return octets
        default: throw bad(name, "is no text")
        }
    }

    /// Text, or a number or truth value as text.
    private func scalarText(_ name: String) throws(GuardError) -> String? {
        guard let value = values[name], value != .json(.null) else { return nil }
        guard let text = Self.plain(value) else { throw bad(name, "is of a wrong type") }
        return text
    }

    /// Short values that can be written in several ways, in one of them.
    private static func plain(_ value: Value) -> String? {
        switch value {
        case .octets(let octets), .json(.string(let octets)):
            octets.count <= 1024 ? String(validating: octets, as: UTF8.self) : nil
        case .json(.integer(let number)): String(number)
        case .json(.bool(let flag)): String(flag)
        default: nil
        }
    }

    private func missing(_ name: String) -> GuardError {
        GuardError(.missingParameter, "the parameter \(name) is missing", parameters: [name])
    }

    private func bad(_ name: String, _ what: String) -> GuardError {
        let shown = name.count <= 40 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? name : "parameter"
        return GuardError(.badParameter, "the parameter \(shown) \(what)", parameters: [shown])
    }
}
