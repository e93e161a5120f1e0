import MIME

/// What the header of a message says about its body.
struct ContentFacts {
    let contentType: ContentType
    /// Reasons why other readers may take the body for something else than what `contentType` says.
    let doubts: [Reason]

    init(_ header: [HeaderField]) {
        let types = header.filter { $0.isNamed("Content-Type") }
        var isDoubtful = types.count > 1 || header.filter { $0.isNamed("Content-Transfer-Encoding") }.count > 1
        if let first = types.first {
            let (type, defects) = ContentType.parseReporting(first.rawValue)
            contentType = type
            isDoubtful = isDoubtful || defects.contains(where: \.isStructural)
        } else {
            contentType = .textPlain
        }
        // A multipart has no encoding; some readers undo one all the same and then see other parts.
        if contentType.isMultipart, let field = header.first(where: { $0.isNamed("Content-Transfer-Encoding") }) {
            isDoubtful = isDoubtful || !TransferEncoding(parsing: field.rawValue).isIdentity
        }
        doubts =
            isDoubtful
            ? [Reason(.contentTypeConfusion, "the fields that describe the content can be read in more than one way")]
            : []
    }
}
