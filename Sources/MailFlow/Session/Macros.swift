/// The macros the mail server sent with an event. Names are looked up with or without their braces.
public struct Macros: Sendable, Equatable {
    private var values: [String: String] = [:]

    public init(_ values: [String: String] = [:]) {
        for (name, value) in values { self.values[Macros.bare(name)] = value }
    }

    /// The value of `{auth_authen}`, `i`, and so on; nil when it was not sent.
    public subscript(name: String) -> String? { values[Macros.bare(name)] }

    private static func bare(_ name: String) -> String {
        name.hasPrefix("{") && name.hasSuffix("}") ? String(name.dropFirst().dropLast()) : name
    }
}
