import MIME

/// What the rules look at, read once from envelope and header.
struct MessageFacts {
    let sender: AddressPattern.Subject
    let header: [HeaderField]
    let soleFrom: SoleAddress
    /// The From address for rules; unreadable when there is not exactly one.
    let from: AddressPattern.Subject
    let isAutoSubmitted: Bool
    let isList: Bool
    let mediaType: String
    /// Addresses in To and Cc: everybody else on the envelope is a blind copy.
    let visible: Set<EmailAddress>

    private static let listFields = ["List-Id", "List-Post", "List-Unsubscribe"]
    private static let recipientFields = ["To", "Cc", "Resent-To", "Resent-Cc"]

    init(sender: AddressPattern.Subject, header: [HeaderField]) {
        self.sender = sender
        self.header = header
        soleFrom = AddressParser.soleFrom(of: header)
        if case .one(let address) = soleFrom { from = .address(address) } else { from = .unreadable }
        isAutoSubmitted = header.contains { field in
            guard field.isNamed("Auto-Submitted") else { return false }
            let word = field.value.lowercased().prefix { $0 != ";" && $0 != " " && $0 != "(" && $0 != "\t" }
            return word != "no"
        }
        isList = header.contains { field in
            MessageFacts.listFields.contains { field.isNamed($0) }
                || (field.isNamed("Precedence") && field.value.lowercased() == "list")
        }
        let type = header.first { $0.isNamed("Content-Type") }.map { ContentType.parse($0.rawValue) } ?? .textPlain
        mediaType = type.mediaType
        var visible: Set<EmailAddress> = []
        for field in header where MessageFacts.recipientFields.contains(where: { field.isNamed($0) }) {
            visible.formUnion(AddressParser.parseList(field.rawValue).addresses)
        }
        self.visible = visible
    }

    /// Whether the sender signed it already.
    var isSigned: Bool {
        mediaType == "multipart/signed" || mediaType == "application/pkcs7-mime"
            || mediaType == "application/x-pkcs7-mime"
    }
}
