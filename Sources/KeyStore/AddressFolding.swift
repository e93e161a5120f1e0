import MIME

/// How a mailbox is looked up.
///
/// The domain is compared as lower-case A-labels. The local part belongs to the receiving host (RFC 5321, section
/// 2.4): as far as certificates with exactly that local part are usable, only they count. If none is, certificates
/// whose local part differs in the case of ASCII letters alone are taken, provided that they all spell it the same
/// way; two spellings may be two mailboxes, and then nothing is found. Nothing else is folded: no dots, no tags after
/// `+`, no letters beyond ASCII.
enum AddressFolding {
    /// The local part with ASCII letters in lower case.
    static func fold(_ localPart: String) -> String {
        String(decoding: localPart.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The candidates that answer for an address, by the rule above.
    static func choose<Candidate>(_ candidates: [Candidate], for localPart: String, spelling: (Candidate) -> String)
        -> [Candidate]
    {
        // Compared as octets: Swift's == would also take different normal forms of one text for the same mailbox.
        let wanted = [UInt8](localPart.utf8)
        let exact = candidates.filter { [UInt8](spelling($0).utf8) == wanted }
        if !exact.isEmpty { return exact }
        let spellings = Set(candidates.map { [UInt8](spelling($0).utf8) })
        return spellings.count == 1 ? candidates : []
    }
}
