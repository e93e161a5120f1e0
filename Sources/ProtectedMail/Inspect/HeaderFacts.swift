import MIME

/// What the header of a message says about its body, its sender and its date.
struct HeaderFacts {
    let content: ContentFacts
    let from: SoleAddress
    let date: MessageDate
    /// The addresses of Sender and Reply-To.
    let others: [EmailAddress]
    /// The words of the display name in From, in lower case.
    private let nameWords: Set<String>

    var contentType: ContentType { content.contentType }
    var doubts: [Reason] { content.doubts }

    init(_ header: [HeaderField]) {
        content = ContentFacts(header)
        from = AddressParser.soleFrom(of: header.filter { $0.isNamed("From") }.map(\.rawValue))
        date = MessageDate(header)
        others = Self.others(header)
        nameWords = Set(
            header.filter { $0.isNamed("From") }.flatMap { AddressParser.parseList($0.rawValue).mailboxes }
                .flatMap { Self.words($0.displayName ?? "") })
    }

    /// A From field inside the protection that names somebody else would be shown instead of the outer one by a reader
    /// that knows header protection (RFC 9788, section 4.4).
    func innerDoubts(_ header: HeaderBlock) -> [Reason] {
        let inner = header.all("From").map(\.rawValue)
        guard !inner.isEmpty, AddressParser.soleFrom(of: inner) != from else { return [] }
        return [Reason(.innerFromMismatch, "the From field inside the protection is not the one outside")]
    }

    /// Whether the header inside a protection repeats the From field.
    func isFromEqual(_ inner: HeaderBlock?) -> Bool {
        guard let inner, case .one = from else { return false }
        return AddressParser.soleFrom(of: inner.fields) == from
    }

    /// Whether a reader may take this address for that of the author: a colleague's, or one that the author's display
    /// name spells. The same local part elsewhere is another mailbox of the same person.
    func isRival(_ other: EmailAddress, of sender: EmailAddress) -> Bool {
        guard other != sender, other.localPart.lowercased() != sender.localPart.lowercased() else { return false }
        let words = Self.words(other.localPart)
        return other.domain == sender.domain || (!words.isEmpty && words.allSatisfy(nameWords.contains))
    }

    /// The addresses of Sender and Reply-To.
    static func others(_ header: [HeaderField]) -> [EmailAddress] {
        header.filter { $0.isNamed("Sender") || $0.isNamed("Reply-To") }
            .flatMap { AddressParser.parseList($0.rawValue).mailboxes.prefix(20).map(\.address) }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
