/// Reads one address field from left to right. No recursion, every octet is looked at a bounded number of times.
struct AddressReader {
    private var cursor: Cursor
    private var list: AddressList
    private var group: String?

    init(_ unfolded: [UInt8], _ list: AddressList) {
        cursor = Cursor(unfolded)
        self.list = list
    }

    private enum Word {
        case atom([UInt8])
        case quoted([UInt8])
        case dot
    }

    /// What was gathered for the mailbox under way.
    private struct Draft {
        /// The word, and whether white space or a comment stands before it.
        var words: [(word: Word, spaced: Bool)] = []
        var comments: [[UInt8]] = []
        /// An "@" stood in the display name, with what was around it.
        var strayAddresses: [[UInt8]] = []
    }

    mutating func readList() -> AddressList {
        while true {
            var draft = Draft()
            skip(&draft)
            guard let byte = cursor.peek else {
                commentsOnly(draft)
                break
            }
            switch byte {
            case ASCII.comma:
                // obs-addr-list: elements may be empty.
                cursor.advance()
                commentsOnly(draft)
            case ASCII.semicolon:
                cursor.advance()
                commentsOnly(draft)
                if group == nil { list.doubt(.malformed) }
                endGroup()
            default: readElement(&draft)
            }
        }
        if group != nil { list.doubt(.malformed) }
        return list
    }

    /// Reads up to the end of one mailbox, or up to the colon after the name of a group.
    private mutating func readElement(_ draft: inout Draft) {
        var spaced = true
        while let byte = cursor.peek {
            switch byte {
            case ASCII.comma, ASCII.semicolon:
                if draft.strayAddresses.isEmpty { loneWords(draft) } else { list.doubt(.malformed) }
                return
            case ASCII.less:
                readAngle(&draft)
                return
            case ASCII.at:
                cursor.advance()
                if readBareAddress(&draft) { return }
            case ASCII.colon:
                cursor.advance()
                beginGroup(draft)
                return
            case ASCII.quote:
                let quoted = cursor.takeQuotedString()
                if !quoted.closed { list.doubt(.malformed) }
                draft.words.append((.quoted(quoted.text), spaced))
            case ASCII.dot:
                cursor.advance()
                draft.words.append((.dot, spaced))
            default:
                let atom = cursor.take { EmailAddress.isAtomText($0) }
                if atom.isEmpty {
                    // A special or control that no phrase may hold.
                    list.doubt(.malformed)
                    cursor.advance()
                } else {
                    draft.words.append((.atom(Array(atom)), spaced))
                }
            }
            spaced = skip(&draft)
        }
        if draft.strayAddresses.isEmpty { loneWords(draft) } else { list.doubt(.malformed) }
    }

    /// Skips white space and comments, keeping the comments. Returns whether there was any.
    @discardableResult
    private mutating func skip(_ draft: inout Draft) -> Bool {
        let start = cursor.position
        let skipped = cursor.skipCFWS()
        draft.comments += skipped.comments
        if !skipped.closed { list.doubt(.malformed) }
        return cursor.position > start
    }

    /// `local@domain` without angle brackets; the "@" was read. False when angle brackets follow, so that all of it
    /// was a display name.
    private mutating func readBareAddress(_ draft: inout Draft) -> Bool {
        let domain = readDomain(&draft)
        skip(&draft)
        switch cursor.peek {
        case nil, ASCII.comma, ASCII.semicolon:
            if let local = localPart(draft.words), let domain, draft.strayAddresses.isEmpty {
                add(local: local, domain: domain, draft: draft, name: nil)
            } else {
                list.doubt(.malformed)
            }
            return true
        default:
            // "eve@example.org <mallory@example.net>": remember what it looks like and go on.
            draft.strayAddresses.append(phrase(draft.words).raw + [ASCII.at] + (domain ?? []))
            draft.words = []
            return false
        }
    }

    private mutating func readAngle(_ draft: inout Draft) {
        cursor.advance()
        skip(&draft)
        if cursor.peek == ASCII.at || cursor.peek == ASCII.comma {
            list.doubt(.route)
            _ = cursor.take { $0 != ASCII.colon && $0 != ASCII.greater }
            if !cursor.consume(ASCII.colon) { list.doubt(.malformed) }
        }
        var inner: [(word: Word, spaced: Bool)] = []
        var spaced = skip(&draft)
        reading: while let byte = cursor.peek {
            switch byte {
            case ASCII.quote:
                let quoted = cursor.takeQuotedString()
                if !quoted.closed { list.doubt(.malformed) }
                inner.append((.quoted(quoted.text), spaced))
            case ASCII.dot:
                cursor.advance()
                inner.append((.dot, spaced))
            default:
                let atom = cursor.take { EmailAddress.isAtomText($0) }
                if atom.isEmpty { break reading }
                inner.append((.atom(Array(atom)), spaced))
            }
            spaced = skip(&draft)
        }
        let local = localPart(inner)
        var domain: [UInt8]?
        if cursor.consume(ASCII.at) { domain = readDomain(&draft) }
        skip(&draft)
        let closed = cursor.consume(ASCII.greater)
        if !closed { list.doubt(.malformed) }
        skip(&draft)
        if let next = cursor.peek, next != ASCII.comma, next != ASCII.semicolon {
            list.doubt(.malformed)
            skipToNextElement()
        }
        guard let local, let domain, closed else {
            list.doubt(.malformed)
            return
        }
        add(local: local, domain: domain, draft: draft, name: phrase(draft.words))
    }

    /// After damage: to the next comma outside of quotes and comments.
    private mutating func skipToNextElement() {
        while let byte = cursor.peek, byte != ASCII.comma, byte != ASCII.semicolon {
            switch byte {
            case ASCII.quote: _ = cursor.takeQuotedString()
            case ASCII.open: _ = cursor.takeComment()
            default: cursor.advance()
            }
        }
    }

    /// obs-domain or a literal; nil when there is none.
    private mutating func readDomain(_ draft: inout Draft) -> [UInt8]? {
        skip(&draft)
        if cursor.peek == ASCII.openBracket {
            let start = cursor.position
            _ = cursor.take { $0 != ASCII.closeBracket && $0 != ASCII.greater && $0 != ASCII.comma }
            guard cursor.consume(ASCII.closeBracket) else { return nil }
            return Array(cursor.slice(from: start))
        }
        var domain: [UInt8] = []
        var wantsAtom = true
        while let byte = cursor.peek {
            if byte == ASCII.dot {
                guard !wantsAtom else { return nil }
                wantsAtom = true
                cursor.advance()
                domain.append(ASCII.dot)
            } else if wantsAtom {
                let atom = cursor.take { EmailAddress.isAtomText($0) }
                if atom.isEmpty { break }
                domain += atom
                wantsAtom = false
            } else {
                break
            }
            // A comment or space may only stand before or after a dot, so look before stepping over it for good.
            let place = cursor.position
            skip(&draft)
            if cursor.position != place, !wantsAtom, cursor.peek != ASCII.dot { break }
        }
        return domain.isEmpty || wantsAtom ? nil : domain
    }

    /// obs-local-part: words with single dots between them. Two words without a dot are no local part.
    private func localPart(_ words: [(word: Word, spaced: Bool)]) -> [UInt8]? {
        var local: [UInt8] = []
        var wantsWord = true
        for (word, _) in words {
            switch word {
            case .dot:
                guard !wantsWord else { return nil }
                local.append(ASCII.dot)
                wantsWord = true
            case .atom(let text), .quoted(let text):
                guard wantsWord else { return nil }
                local += text
                wantsWord = false
            }
        }
        return wantsWord ? nil : local
    }

    /// The words as a display name: octets as written, and the text with encoded words decoded, quoted ones too
    /// because common readers do that.
    private func phrase(_ words: [(word: Word, spaced: Bool)]) -> (raw: [UInt8], text: String) {
        var raw: [UInt8] = []
        for (word, spaced) in words {
            if spaced, !raw.isEmpty { raw.append(ASCII.space) }
            switch word {
            case .dot: raw.append(ASCII.dot)
            case .atom(let text), .quoted(let text): raw += text
            }
        }
        return (raw, EncodedWord.decode(raw))
    }

    private mutating func loneWords(_ draft: Draft) {
        if draft.words.isEmpty { list.doubt(.malformed) } else { list.doubt(.noDomain) }
    }

    /// A comment where no mailbox is.
    private mutating func commentsOnly(_ draft: Draft) {
        for comment in draft.comments where showsAddress(comment, other: nil) { list.doubt(.addressInComment) }
    }

    private mutating func beginGroup(_ draft: Draft) {
        if group != nil || !draft.strayAddresses.isEmpty || draft.words.isEmpty { list.doubt(.malformed) }
        let name = phrase(draft.words).text
        commentsOnly(draft)
        group = name
        list.groups.append(name)
    }

    private mutating func endGroup() {
        group = nil
        var draft = Draft()
        skip(&draft)
        commentsOnly(draft)
        if let next = cursor.peek, next != ASCII.comma { list.doubt(.malformed) }
    }

    private mutating func add(local: [UInt8], domain: [UInt8], draft: Draft, name: (raw: [UInt8], text: String)?) {
        guard let localText = String(validating: local, as: UTF8.self),
            let domainText = String(validating: domain, as: UTF8.self)
        else { return list.doubt(.invalidUTF8) }
        guard let address = EmailAddress(localPart: localText, domain: domainText) else {
            let hidden = (localText + domainText).unicodeScalars.contains(where: EmailAddress.isForbidden)
            return list.doubt(hidden ? .controlCharacter : .malformed)
        }
        if !address.isDomainMapped { list.doubt(.unmappableDomain) }
        if holdsEncodedWord(local) || holdsEncodedWord(domain) { list.doubt(.encodedWordInAddress) }
        if local.contains(where: { $0 == ASCII.at || $0 == ASCII.less || $0 == ASCII.greater }) {
            list.doubt(.addressInLocalPart)
        }
        for stray in draft.strayAddresses where !names(stray, address) { list.doubt(.addressInDisplayName) }
        // A stray address equal to the real one still breaks the grammar.
        if !draft.strayAddresses.isEmpty { list.doubt(.malformed) }
        if let name {
            if showsAddress(name.raw, other: address) {
                list.doubt(.addressInDisplayName)
            } else if showsAddress(Array(name.text.utf8), other: address) {
                list.doubt(.addressInEncodedWord)
            }
            if changesDirection(name.text) { list.doubt(.controlCharacter) }
        }
        for comment in draft.comments {
            if showsAddress(comment, other: address)
                || showsAddress(Array(EncodedWord.decode(comment).utf8), other: address)
            {
                list.doubt(.addressInComment)
            }
        }
        let shown = name.map(\.text) ?? ""
        list.mailboxes.append(Mailbox(displayName: shown.isEmpty ? nil : shown, address: address, group: group))
    }

    private func holdsEncodedWord(_ bytes: [UInt8]) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if previous == ASCII.equals, byte == ASCII.question { return true }
            previous = byte
        }
        return false
    }

    /// Whether the text shows an address other than `other`. Case is not counted: readers do not either.
    private func showsAddress(_ bytes: [UInt8], other: EmailAddress?) -> Bool {
        AddressParser.addresses(shownIn: String(decoding: bytes, as: UTF8.self)).contains { shown in
            guard let other else { return true }
            return !names(Array(shown.local.utf8) + [ASCII.at] + Array(shown.domain.utf8), other)
        }
    }

    private func names(_ bytes: [UInt8], _ address: EmailAddress) -> Bool {
        guard let read = EmailAddress(String(decoding: bytes, as: UTF8.self)) else { return false }
        return read.domain == address.domain && ASCII.equalIgnoringCase(read.localPart.utf8, address.localPart.utf8)
    }

    /// Controls after decoding, and characters that reverse or embed directions.
    private func changesDirection(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            switch scalar.value {
            case 0..<0x09, 0x0A..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
            default: false
            }
        }
    }
}
