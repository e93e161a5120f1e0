/// Why a use case was refused: a code of the stable table ``GuardErrorCode``, and for the log a sentence in English that
/// says what was wrong and where. Two errors are equal if their codes are.
///
/// `detail` goes to the log and, as `error_desc`, to the caller: it never holds secrets, and says nothing about accounts
/// that are not the caller's own.
public struct GuardError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: GuardErrorCode
    /// Technical, English.
    public let detail: String
    /// What the message is about, for programs: the names of recipients without a key, for example.
    public let parameters: [String]
    /// When trying again makes sense, in seconds from now; 0 where waiting does not help.
    public let retryAfter: Int

    public init(_ code: GuardErrorCode, _ detail: String, parameters: [String] = [], retryAfter: Int = 0) {
        self.code = code
        self.detail = detail
        self.parameters = parameters
        self.retryAfter = retryAfter
    }

    public var description: String { "\(code.rawValue): \(detail)" }

    public static func == (a: GuardError, b: GuardError) -> Bool { a.code == b.code }
}
