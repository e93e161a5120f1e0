/// What is wrong with a part of a policy. Two errors are equal when their codes are.
public struct MailFlowError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// An address pattern that cannot be read.
        case pattern
        /// A network that cannot be read.
        case network
        /// A rule that contradicts itself.
        case rule
        /// A header condition that cannot be read.
        case condition
        /// Clear text that no rule lets go: the last check before a copy is released.
        case clearText = "clear-text"
        /// A message of guardd's own that cannot be marked.
        case ownMail = "own-mail"
    }

    public let code: Code
    /// A sentence: what is wrong, and what to write instead.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

extension MailFlowError: Equatable {
    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }
}
