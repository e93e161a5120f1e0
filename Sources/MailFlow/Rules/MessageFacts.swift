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
    /// Addresses in To and Cc, folded: everybody else on the envelope is a blind copy.
    private let visible: Set<String>
    /// Names in To and Cc without a domain, folded: the mail server means mailboxes of its own.
    private let visibleNames: Set<String>

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
        var visible: Set<String> = []
        var names: Set<String> = []
        for field in header where MessageFacts.recipientFields.contains(where: { field.isNamed($0) }) {
            let list = AddressParser.parseList(field.rawValue)
            visible.formUnion(list.addresses.map { MessageFacts.fold($0.canonical) })
            for word in field.value.split(separator: ",") where !word.contains("@") {
                names.insert(MessageFacts.fold(String(word.filter { !" \t<>".contains($0) })))
            }
        }
        self.visible = visible
        visibleNames = names
    }

    /// Whether To or Cc show an address, in whatever case of its letters.
    ///
    /// - Parameter isLocal: whether its domain is ours, which the header may leave out.
    func shows(_ address: EmailAddress, isLocal: Bool) -> Bool {
        visible.contains(MessageFacts.fold(address.canonical))
            || (isLocal && visibleNames.contains(MessageFacts.fold(address.localPart)))
    }

    /// ASCII letters in lower case, as keys are looked up.
    private static func fold(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// Whether it says that its whole content is encrypted, or may be.
    var mayBeEncrypted: Bool {
        switch mediaType {
        case "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/octet-stream":
            true
        default: false
        }
    }

    /// Whether the sender signed it already.
    var isSigned: Bool {
        mediaType == "multipart/signed" || mediaType == "application/pkcs7-mime"
            || mediaType == "application/x-pkcs7-mime"
    }
}
