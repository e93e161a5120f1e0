public import Libcrypto

/// A JSON value (RFC 8259). Strings are octets of UTF-8: what comes from a request is looked at before it becomes text.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that 64 bits with sign can hold.
    case integer(Int64)
    case number(Double)
    case string([UInt8])
    /// The string of a member whose name says that it is a password.
    case secret(SecretBytes)
    case array([JSONValue])
    case object([String: JSONValue])

    /// A member of an object; nil for everything else.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text of a string without control characters; nil for everything else.
    public var text: String? {
        guard case .string(let octets) = self, !octets.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: octets, as: UTF8.self)
    }

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    public var array: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}
