/// What went wrong in OpenPGP data, and where.
///
/// Two errors are equal when their codes are; the sentence and the place are for people.
public struct OpenPGPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The class of failure.
    public enum Code: String, Sendable {
        /// The data ends inside a packet, a field or an armor block.
        case truncated
        /// A packet, a field or an armor block contradicts its grammar.
        case malformed
        /// A version of a packet that this library does not read.
        case unsupportedVersion
        /// An algorithm, curve or string-to-key method that this library does not implement.
        case unsupportedAlgorithm
        /// A bound on size, count or depth was passed.
        case limitExceeded
        /// The data is well-formed but is not what was asked for (a message where a certificate was expected).
        case unexpectedData
        /// A signature is cryptographically wrong.
        case badSignature
        /// A password does not open what it should open.
        case wrongPassword
        /// The secret part of a key is locked, or not here at all.
        case secretUnavailable
        /// No key fits the purpose at the time asked for.
        case noUsableKey
        /// The algorithm policy refuses an algorithm or a key.
        case refusedByPolicy
        /// An argument of the caller is outside the documented range.
        case invalidArgument
        /// The protected data of a message is damaged or tampered with, or has no integrity protection.
        case integrityFailure
        /// A message could not be decrypted with any key or password at hand.
        case notDecryptable
    }

    /// The class of failure; the only part that takes part in `==`.
    public let code: Code
    /// One sentence: what was wrong. Holds no secret and no content.
    public let message: String
    /// Offset in bytes of the packet or field from the start of the parsed (dearmored) data, where known.
    public let offset: Int?

    /// Makes an error.
    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    public var description: String {
        guard let offset else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (at offset \(offset))"
    }

    public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

    /// The same error at a place counted from `base`.
    func moved(by base: Int) -> OpenPGPError { OpenPGPError(code, message, offset: (offset ?? 0) &+ base) }
}
