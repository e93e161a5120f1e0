import MIME
import TestSupport
import Testing

@Suite struct AddressParserTests {
    private func sole(_ value: String) -> SoleAddress { AddressParser.soleFrom(of: [bytes(value)]) }

    @Test(
        arguments: [
            (" john@example.com", "john@example.com"),
            ("<john@example.com>", "john@example.com"),
            ("John Q. Public <John@EXAMPLE.com>", "John@example.com"),
            ("\"Doe, John\" <john@example.com>", "john@example.com"),
            ("john@example.com (John)", "john@example.com"),
            (" (a (nested) \\) comment) john (c) . (d) doe (e) @ (f) example (g) . com (h)", "john.doe@example.com"),
            ("=?utf-8?q?J=C3=BCrgen?= <j@example.com>", "j@example.com"),
            ("Jürgen <j@example.com>", "j@example.com"),
            ("\"john doe\"@example.com", "\"john doe\"@example.com"),
            ("\"john\"@example.com", "john@example.com"),
            ("\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"),
            ("jörg@example.com", "jörg@example.com"),
            ("j@Bücher.example", "j@xn--bcher-kva.example"),
            ("j@xn--bcher-kva.example", "j@xn--bcher-kva.example"),
            ("j@[192.0.2.1]", "j@[192.0.2.1]"),
            ("j@[IPv6:2001:db8::1]", "j@[ipv6:2001:db8::1]"),
            (", john@example.com ,", "john@example.com"),
            ("\"john@example.com\" <john@example.com>", "john@example.com"),
            ("\"John@Example.COM\" <john@example.com>", "john@example.com"),
            ("john@example.com (john@example.com)", "john@example.com"),
            ("Jane @ Home <jane@example.com>", nil),
            ("\"Jane @ Home\" <jane@example.com>", "jane@example.com"),
            ("\"@jane\" <jane@example.com>", "jane@example.com"),
            ("John\r\n <john@example.com>\r\n", "john@example.com"),
            ("a+b_c{d}@sub.example.com", "a+b_c{d}@sub.example.com"),
        ] as [(String, String?)])
    func readsOneAddress(value: String, expected: String?) {
        if let expected, let address = EmailAddress(expected) {
            #expect(sole(value) == .one(address))
            #expect(address.canonical == expected)
        } else {
            #expect(expected == nil)
            if case .ambiguous = sole(value) {} else { Issue.record("\(value) was read as one address") }
        }
    }

    @Test(
        arguments: [
            ("", AmbiguityReason.noAddress), ("  \r\n ", .noAddress), ("Mallory", .noDomain), ("<>", .malformed),
            ("a@b.example, c@d.example", .severalAddresses), ("a@b.example, a@b.example", .severalAddresses),
            ("a@b.example c@d.example", .malformed), ("a@b.example; c@d.example", .malformed),
            ("eve@b.example <mallory@d.example>", .addressInDisplayName),
            ("\"eve@b.example\" <mallory@d.example>", .addressInDisplayName),
            ("'eve@b.example' <mallory@d.example>", .addressInDisplayName),
            ("eve@b.example                 . <mallory@d.example>", .addressInDisplayName),
            ("=?utf-8?q?eve=40b.example?= <mallory@d.example>", .addressInEncodedWord),
            ("=?utf-8?B?ZXZlQGIuZXhhbXBsZQ==?= <mallory@d.example>", .addressInEncodedWord),
            ("\"=?utf-8?q?eve=40b.example?=\" <mallory@d.example>", .addressInEncodedWord),
            ("eve\u{FF20}b.example <mallory@d.example>", .addressInDisplayName),
            ("mallory@d.example (eve@b.example)", .addressInComment),
            ("mallory@d.example (=?utf-8?q?eve=40b.example?=)", .addressInComment),
            ("(eve@b.example) mallory@d.example", .addressInComment),
            ("mallory@d.example, (eve@b.example)", .addressInComment),
            ("=?utf-8?q?eve=40b.example?=@d.example", .encodedWordInAddress),
            ("\"eve@b.example\"@d.example", .addressInLocalPart), ("\"eve@b.example>\"@d.example", .addressInLocalPart),
            ("Group: a@b.example;", .group), ("undisclosed-recipients:;", .group), ("G: a@b.example", .malformed),
            ("<@x.example,@y.example:a@b.example>", .route),
            ("a\u{0}@b.example", .nul), ("a@b.example\u{0}", .nul), ("a\u{1}@b.example", .controlCharacter),
            ("a@b.example\rc@d.example", .controlCharacter), ("a@b.example\nBcc: c@d.example", .controlCharacter),
            ("a\u{200B}@b.example", .controlCharacter), ("\u{202E}evil <a@b.example>", .controlCharacter),
            ("a@b..example", .malformed), ("a..b@b.example", .malformed), (".a@b.example", .malformed),
            ("a@", .malformed),
            ("@b.example", .malformed), ("a@b@c.example", .malformed), ("<a@b.example", .malformed),
            ("a@b.example>", .malformed),
            ("<a@b.example> x", .malformed), ("<a@b.example><c@d.example>", .malformed),
            ("\"x <a@b.example>", .malformed),
            ("(x <a@b.example>", .malformed), ("Doe, John <j@b.example>", .noDomain),
            ("a@b.example.", .malformed), ("a@[%@]", .malformed), ("a@[b c]", .malformed),
            ("a@[b%c]", .unmappableDomain), ("a@ex\u{FF41}mple.example", .unmappableDomain),
            ("a@example\u{3002}com", .unmappableDomain), ("a@xn--a.example", .unmappableDomain),
        ] as [(String, AmbiguityReason)])
    func doubts(value: String, reason: AmbiguityReason) {
        let result = sole(value)
        if case .ambiguous(let found) = result {
            #expect(
                found == reason || AddressParser.parseList(bytes(value)).ambiguities.contains(reason),
                "\(value.debugDescription): \(found)")
        } else {
            Issue.record("\(value.debugDescription) was read as \(result)")
        }
    }

    @Test func severalFieldsAndNone() {
        #expect(AddressParser.soleFrom(of: [[UInt8]]()) == .none)
        #expect(AddressParser.soleFrom(of: [bytes("a@b.example"), bytes("a@b.example")]) == .ambiguous(.severalFields))
        #expect(sole("a\u{0}@b.example") == .ambiguous(.nul))
        #expect(AddressParser.soleFrom(of: [[0x61, 0xFF, 0x40, 0x62, 0x2E, 0x63]]) == .ambiguous(.invalidUTF8))
    }

    @Test func listsKeepNamesAndGroups() {
        let list = AddressParser.parseList(
            bytes("A <a@x.example>, Friends: b@x.example, \"C, D\" <c@x.example>;, d@x.example"))
        #expect(list.addresses.map(\.canonical) == ["a@x.example", "b@x.example", "c@x.example", "d@x.example"])
        #expect(list.mailboxes.map(\.displayName) == ["A", nil, "C, D", nil])
        #expect(list.mailboxes.map(\.group) == [nil, "Friends", "Friends", nil])
        #expect(list.groups == ["Friends"] && list.ambiguities.isEmpty)
    }

    @Test func emailAddressForms() {
        #expect(EmailAddress("a@B.example") == EmailAddress("a@b.EXAMPLE"))
        #expect(EmailAddress("A@b.example") != EmailAddress("a@b.example"))
        #expect(EmailAddress("e\u{301}@b.example") != EmailAddress("\u{E9}@b.example"))
        for none in [
            "", "a", "@b", "a@", "a b@c.example", "<a@b.example>", "a@b c", "a@b@c", "a\n@b.example", "\"a@b.example",
        ] {
            #expect(EmailAddress(none) == nil, "\(none)")
        }
        #expect(EmailAddress(smtpPath: bytes("<a@b.example>"))?.canonical == "a@b.example")
        #expect(EmailAddress(smtpPath: bytes("<@x,@y:a@b.example>"))?.canonical == "a@b.example")
        #expect(EmailAddress(smtpPath: bytes("<>")) == nil)
        #expect(EmailAddress(smtpPath: bytes("<postmaster>")) == nil)
        #expect(EmailAddress("jörg@b.example")?.needsUTF8 == true)
    }

    /// A huge field is read in one go; nothing is quadratic enough to be felt.
    @Test func longFieldsAreRead() {
        let many = (0..<20_000).map { "\"N\($0)\" <a\($0)@b.example>" }.joined(separator: ", ")
        #expect(AddressParser.parseList(bytes(many)).mailboxes.count == 20_000)
        for hostile in ["(", "\"", "<", "@", ":", ",", "=?", "a@", "a ", "(a@b)", ".", "=?utf-8?q?x?= "] {
            _ = sole(String(repeating: hostile, count: 100_000))
        }
    }

    @Test(.enabled(if: Corpora.isAvailable)) func fromTricksOfTheCorpora() throws {
        let manager = EmailAddress("manager@bigcorporation.de")
        for name in try Corpora.files(under: "johnny-you-are-fired/04-id") where name.hasSuffix(".eml") {
            let message = try Message(parsing: Corpora.bytes(name))
            let author = AddressParser.soleFrom(of: message.root.header.fields)
            // Eve wrote all of these. Where the field looks like the manager, it may be hers or be doubted.
            if case .one(let address) = author, name.contains("i2-"),
                name.contains("contains") || name.contains("is-sender-signer-b")
            {
                #expect(address != manager || name.contains("signer-sender"), "\(name)")
            }
            if name.contains("from1-") || name.contains("from-is-signer-sender-a")
                || name.contains("from-is-only-a-name")
            {
                if case .ambiguous = author {} else { Issue.record("\(name): \(author)") }
            }
        }
        for name in ["eve-pgp-mime.eml", "manager-pgp-mime.eml"] {
            let message = try Message(parsing: Corpora.bytes("johnny-you-are-fired/assets/valid-signed/" + name))
            if case .one = AddressParser.soleFrom(of: message.root.header.fields) {} else { Issue.record("\(name)") }
        }
    }
}
