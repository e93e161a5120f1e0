import COpenSSL

/// What went wrong with a certificate, a key or a CMS message.
///
/// Two errors are equal when their codes are; the sentence is for people and holds no secret and no content.
public struct CMSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The class of failure.
    public enum Code: String, Sendable {
        /// The data contradicts its grammar, or ends too early.
        case malformed
        /// An algorithm, curve, version or format that is not implemented.
        case unsupported
        /// A bound on size, count, depth or cost was passed.
        case limitExceeded = "limit-exceeded"
        /// The data is well-formed but is not what was asked for.
        case unexpectedData = "unexpected-data"
        /// The data is locked with a password and none was given.
        case passwordNeeded = "password-needed"
        /// A password does not open what it should open.
        case wrongPassword = "wrong-password"
        /// Private key and certificate do not belong together.
        case keyMismatch = "key-mismatch"
        /// A signature is cryptographically wrong.
        case badSignature = "bad-signature"
        /// Nothing at hand opens an encrypted message, or it is damaged. One code, so that nobody learns which.
        case notDecryptable = "not-decryptable"
        /// The algorithm policy refuses an algorithm or a key.
        case refusedByPolicy = "refused-by-policy"
        /// An argument of the caller is outside the documented range.
        case invalidArgument = "invalid-argument"
        /// A file could not be read or written.
        case fileFailed = "file-failed"
        /// libcrypto failed in a way that has no better name, most likely for want of memory.
        case internalFailure = "internal-failure"
    }

    /// The class of failure; the only part that takes part in `==`.
    public let code: Code
    /// One sentence: what was wrong, and where.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }

    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

    /// Makes an error of ours out of a failed call, whose own words in the queue of this thread are dropped.
    package static func library(_ code: Code, _ message: String) -> CMSError {
        ERR_clear_error()
        return CMSError(code, message)
    }

    /// What is said where libcrypto could not even allocate.
    package static func exhausted(_ call: StaticString) -> CMSError { library(.internalFailure, "\(call) failed") }
}
