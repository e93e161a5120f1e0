/// What went wrong while protecting a message, and where.
///
/// Two errors are equal when their codes are; the sentence is for people and never holds content of the message.
public struct ProtectedMailError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, stable for callers.
    public enum Code: String, Sendable {
        /// The plan asks for neither encryption nor a signature.
        case emptyPlan = "empty-plan"
        /// Encryption is asked for and there is nobody to encrypt to.
        case noRecipients = "no-recipients"
        /// A signature is asked for and the plan names no key.
        case noSigner = "no-signer"
        /// A part that another signature covers cannot travel as 7-bit text, and changing it would break that signature.
        case unsafeSignedPart = "unsafe-signed-part"
        /// The structure of the message is beyond a limit or contradicts itself.
        case malformed
        /// The message is larger than this operation handles.
        case tooLarge = "too-large"
        /// `push` or `finish` after `finish`.
        case finished
    }

    /// The kind of failure.
    public let code: Code
    /// What was wrong and where, as a sentence.
    public let message: String

    /// An error of this kind.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}

extension ProtectedMailError: Equatable {
    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }
}
