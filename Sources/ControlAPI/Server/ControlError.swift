import Libcrypto

/// Why the control API cannot be served. Two errors are equal if their codes are.
public struct ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        case socketInUse
        case unknownGroup
        case cannotListen
        /// Certificate or key of TLS.
        case badTLS
        /// A file of Basic credentials.
        case badCredentials
    }

    public let code: Code
    /// What is wrong, and what to do about it.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: SocketFileError) {
        switch error.code {
        case .socketInUse: self.init(.socketInUse, error.message)
        case .unknownGroup: self.init(.unknownGroup, error.message)
        case .cannotListen: self.init(.cannotListen, error.message)
        }
    }

    public var description: String { message }

    public static func == (a: ControlError, b: ControlError) -> Bool { a.code == b.code }
}
