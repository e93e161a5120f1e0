/// What went wrong between guardd and libmilter, with the remedy in the sentence. Equal by code.
public struct MilterError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The socket notation cannot be read.
        case badSocket
        /// Somebody already answers on the socket.
        case socketInUse
        /// The socket could not be created, or its owner or mode not be set.
        case cannotListen
        /// The group of the socket does not exist.
        case unknownGroup
        /// libmilter refused the filter description or ended with an error.
        case library
    }
    public let code: Code
    /// One sentence: what was wrong, where, and what to do.
    public let message: String
    public var description: String { message }

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public static func == (a: MilterError, b: MilterError) -> Bool { a.code == b.code }
}
