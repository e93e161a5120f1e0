/// The macros the mail server sent with an event. Names are looked up with or without their braces.
public struct Macros: Sendable, Equatable {
    /// Names without braces. So few that looking through them is cheaper than hashing.
    private var values: [(name: String, value: String)] = []

    public init(_ values: [String: String] = [:]) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { add(name, value) }
    }

    /// Takes a macro with its value; the first one of a name counts.
    public mutating func add(_ name: String, _ value: String) { values.append((Macros.bare(name), value)) }

    /// The value of `{auth_authen}`, `i`, and so on; nil when it was not sent.
    public subscript(name: String) -> String? {
        let bare = Macros.bare(name)
        return values.first { $0.name == bare }?.value
    }

    public static func == (left: Macros, right: Macros) -> Bool {
        left.values.elementsEqual(right.values) { $0.name == $1.name && $0.value == $1.value }
    }

    private static func bare(_ name: String) -> String {
        guard name.utf8.first == 0x7B, name.utf8.last == 0x7D else { return name }
        return String(name.dropFirst().dropLast())
    }
}
