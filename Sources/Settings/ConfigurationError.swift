/// What is wrong with a configuration file, all of it.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file is no TOML.
        case syntax
        /// It is TOML and says something wrong.
        case content
    }

    /// One mistake.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        public let file: String
        /// From 1; 0 when the mistake is in no line.
        public let line: Int
        /// What is wrong, and what to write instead.
        public let message: String

        public var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
    }

    public let code: Code
    /// In the order of the lines.
    public let problems: [Problem]

    /// One `file:line: message` a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension ConfigurationError: Equatable {
    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }
}
