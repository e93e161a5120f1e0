/// Something in a message that the standards forbid and that was read all the same.
public struct Defect: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        // Lines
        /// An LF without CR before it; reported once.
        case bareLF = "bare-lf"
        /// A CR without LF after it; reported once.
        case bareCR = "bare-cr"
        /// A NUL octet; reported once.
        case nul
        // Header
        /// The first line is an mbox separator ("From ...") and no header field.
        case mboxFromLine = "mbox-from-line"
        /// The header ended without a blank line: at a line that is no field, with which the body starts, or at a
        /// delimiter.
        case missingBlankLine = "missing-blank-line"
        /// White space between a field name and its colon.
        case spaceBeforeColon = "space-before-colon"
        /// A continuation line of nothing but white space, which other readers take for the blank line.
        case blankContinuation = "blank-continuation"
        /// Octets above 127 in a header that are not UTF-8.
        case notUTF8InHeader = "not-utf8-in-header"
        /// A field that may occur once occurs again; the first one was used.
        case duplicateField = "duplicate-field"
        /// Content-Type could not be read; text/plain was assumed.
        case invalidContentType = "invalid-content-type"
        /// Content-Transfer-Encoding is none of RFC 2045; the body was taken as it is.
        case unknownTransferEncoding = "unknown-transfer-encoding"
        /// A parameter occurs twice, or in two forms; the first one was used.
        case duplicateParameter = "duplicate-parameter"
        /// A parameter list breaks the grammar of RFC 2045 or 2231.
        case invalidParameter = "invalid-parameter"
        // Structure
        /// multipart without a boundary: taken as a leaf.
        case missingBoundary = "missing-boundary"
        /// The boundary has more than 70 octets or octets that RFC 2046 forbids; it was used.
        case invalidBoundary = "invalid-boundary"
        /// The same boundary is used by an enclosing entity.
        case reusedBoundary = "reused-boundary"
        /// No line in the body is the delimiter.
        case noParts = "no-parts"
        /// The multipart ends without its close delimiter.
        case missingCloseDelimiter = "missing-close-delimiter"
        /// A line looks like a delimiter with further text; readers that compare prefixes would split here.
        case delimiterPrefix = "delimiter-prefix"
        /// A delimiter line follows the close delimiter.
        case delimiterAfterClose = "delimiter-after-close"
        /// A multipart or message with base64 or quoted-printable: a multipart was split as if it had none,
        /// a message was not opened.
        case encodedComposite = "encoded-composite"
        // Content
        /// Octets outside of the alphabet in base64.
        case base64Garbage = "base64-garbage"
        /// base64 ends inside of a quantum, or its padding is wrong.
        case base64Truncated = "base64-truncated"
        /// More base64 follows after padding.
        case base64AfterPadding = "base64-after-padding"
        /// "=" not followed by two hexadecimal digits or a line end.
        case quotedPrintableEscape = "quoted-printable-escape"
        /// An octet that quoted-printable must escape stands as it is.
        case quotedPrintableRaw = "quoted-printable-raw"
    }

    public let kind: Kind
    /// Octets from the start of the input the defect was found in.
    public let offset: Int
    /// The field or parameter name, where there is one.
    public let detail: String?

    public init(_ kind: Kind, at offset: Int, _ detail: String? = nil) {
        self.kind = kind
        self.offset = offset
        self.detail = detail
    }

    /// Whether two common readers may see different parts in the same bytes. A verifier must not say of such a
    /// message that a signature covers all of it.
    public var isStructural: Bool {
        switch kind {
        case .missingBlankLine, .blankContinuation, .duplicateField, .invalidContentType, .duplicateParameter,
            .missingBoundary, .invalidBoundary, .reusedBoundary, .missingCloseDelimiter, .delimiterPrefix,
            .delimiterAfterClose, .encodedComposite, .unknownTransferEncoding, .bareCR, .nul, .spaceBeforeColon,
            .invalidParameter, .base64AfterPadding:
            true
        case .bareLF, .mboxFromLine, .notUTF8InHeader, .noParts, .base64Garbage, .base64Truncated,
            .quotedPrintableEscape, .quotedPrintableRaw:
            false
        }
    }
}
