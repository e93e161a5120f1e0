public import MIME
public import OpenPGP

/// Inspects a whole message that is in memory, in any form a file may have: with CRLF or with LF line ends, and with or
/// without the separator line of an mbox. See `Inspector`.
public func inspect(
    message: [UInt8], source: any CertificateSource, options: InspectOptions = .init(), time: Timestamp
) -> Verdict {
    do {
        let (header, body) = try splitMessage(message, limits: options.limits)
        let inspector = try Inspector(header: header, source: source, options: options, time: time)
        try inspector.push(body.span)
        return inspector.finish()
    } catch let error as MIMEError {
        let reason = Reason(.malformed, "the structure of the message cannot be read: \(error.code)")
        return Verdict(status: .permerror, protocol: .none, reasons: [reason])
    } catch {
        let reason = Reason(.internalFailure, "the inspection could not be finished")
        return Verdict(status: .temperror, protocol: .none, reasons: [reason])
    }
}

/// Cuts a message from a file into its fields and its body, both as a mail server would hand them to a filter: the
/// separator line of an mbox is gone, and line ends are CRLF if the first one is a bare LF.
///
/// - Throws: `MIMEError` where the header is beyond a limit.
public func splitMessage(_ message: [UInt8], limits: Limits = .standard) throws -> (
    header: [HeaderField], body: [UInt8]
) {
    var bytes = message
    if let end = bytes.firstIndex(of: Octet.lf), end == 0 || bytes[end - 1] != Octet.cr {
        bytes = LineEnds.canonical(bytes)
    }
    // The header can end earlier than at the blank line, where a line is no field; never later.
    let root = try Message(parsing: Array(bytes[..<endOfBlankLine(bytes)]), limits: limits).root
    return (root.header.fields, Array(bytes[root.bodyRange.lowerBound...]))
}

/// The position after the first empty line, or the end.
private func endOfBlankLine(_ bytes: [UInt8]) -> Int {
    let span = bytes.span
    var start = 0
    while let end = span.firstIndex(of: Octet.lf, from: start) {
        if end == start || (end == start + 1 && bytes[start] == Octet.cr) { return end + 1 }
        start = end + 1
    }
    return bytes.count
}
