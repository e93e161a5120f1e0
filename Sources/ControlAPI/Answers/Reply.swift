public import HTTPTypes

/// A whole HTTP answer.
public struct Reply: Sendable {
    public var status: HTTPResponse.Status
    public var fields: HTTPFields
    public var body: [UInt8]
    /// The code of the error it carries.
    public var code: String?

    init(_ status: HTTPResponse.Status, type: String? = nil, body: [UInt8] = [], fields: HTTPFields = [:]) {
        self.status = status
        self.fields = fields
        self.body = body
        if let type { self.fields[.contentType] = type }
        // Keys, tokens and addresses are for the caller alone.
        self.fields[.cacheControl] = "no-store"
        self.fields[.xContentTypeOptions] = "nosniff"
    }
}
