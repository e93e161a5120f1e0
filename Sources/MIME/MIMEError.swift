/// Why bytes could not be read as a message, or a builder could not write what was asked.
///
/// Damage that leaves a message readable is never an error: it is a ``Defect``. Two errors are equal when their codes are.
public struct MIMEError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, stable and for programs.
    public enum Code: String, Sendable, CaseIterable {
        /// Entities are nested deeper than ``Limits/maxDepth``.
        case tooDeep = "too-deep"
        /// There are more entities than ``Limits/maxParts``.
        case tooManyParts = "too-many-parts"
        /// One header block has more octets than ``Limits/maxHeaderBytes``.
        case headerTooLarge = "header-too-large"
        /// A line has more octets than ``Limits/maxLineLength``.
        case lineTooLong = "line-too-long"
        /// A boundary is empty, longer than 70 octets or has an octet RFC 2046 section 5.1.1 forbids.
        case invalidBoundary = "invalid-boundary"
        /// A field name or value cannot be written as a header field.
        case invalidField = "invalid-field"
        /// Edits of one message overlap or reach outside of it.
        case invalidEdit = "invalid-edit"
    }

    public let code: Code
    /// One sentence: what was wrong, and where.
    public let message: String
    /// Octets from the start of the input, where that is known.
    public let offset: Int?

    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    public var description: String {
        offset.map { "\(message) (octet \($0))" } ?? message
    }
}

extension MIMEError: Equatable {
    public static func == (left: MIMEError, right: MIMEError) -> Bool { left.code == right.code }
}
