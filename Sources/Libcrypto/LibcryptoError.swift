import COpenSSL

/// What a primitive refused to do. Two errors are equal when their codes are; the message is for a log and never
/// carries secrets.
public struct LibcryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// libcrypto does not offer the algorithm or parameter in this build.
        case unsupported = "unsupported"
        /// A key, nonce or parameter has the wrong length or is not on its curve.
        case invalidParameter = "invalid-parameter"
        /// An authentication tag, integrity check or padding was wrong.
        case authenticationFailed = "authentication-failed"
        /// The random generator or memory allocation failed.
        case resourceExhausted = "resource-exhausted"
        /// Reading or writing the sealed spool failed.
        case spoolFailed = "spool-failed"
        /// libcrypto reported a failure that has no better name.
        case internalFailure = "internal-failure"
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }

    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

    /// Names the failed step and drops libcrypto's error queue of this thread: its text may differ with the reason
    /// a decryption failed, and nobody may see that.
    static func failure(_ step: String, _ code: Code = .internalFailure) -> LibcryptoError {
        ERR_clear_error()
        return LibcryptoError(code, step + " failed")
    }
}
