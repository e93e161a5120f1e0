/// One change of the message header, in the terms of the milter protocol.
///
/// Apply edits in the order given. Occurrences count the fields of one name, ignoring case, from 1 at the top, as
/// libmilter's `smfi_chgheader` does; several removals of one name come highest first, so that they hold whether or not
/// the mail server counts fields that are already removed.
///
/// A value is everything after the colon: it starts with the space that follows the colon, and folded lines are
/// separated by a single LF, as the milter protocol wants it.
public enum HeaderEdit: Sendable, Equatable {
    /// Remove the field.
    case remove(name: String, occurrence: Int)
    /// Give the field another value, in its place.
    case replace(name: String, occurrence: Int, value: String)
    /// Insert a field so that it becomes the field number `index`, from 0 at the top.
    case insert(index: Int, name: String, value: String)
    /// Add a field at the end.
    case append(name: String, value: String)
}
