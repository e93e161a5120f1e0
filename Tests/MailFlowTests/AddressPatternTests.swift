import MIME
import MailFlow
import Testing

@Suite struct AddressPatternTests {
    @Test(arguments: [
        ("user@example.org", "user@example.org", true), ("user@example.org", "USER@EXAMPLE.org", true),
        ("user@example.org", "user2@example.org", false), ("user@example.org", "user@sub.example.org", false),
        ("@example.org", "anybody@example.org", true), ("@example.org", "a@sub.example.org", false),
        ("@example.org", "a@badexample.org", false), (".example.org", "a@sub.example.org", true),
        (".example.org", "a@b.sub.example.org", true), (".example.org", "a@example.org", false),
        (".example.org", "a@badexample.org", false), ("*", "a@b.example", true), ("<>", "a@b.example", false),
        ("@bücher.example", "a@xn--bcher-kva.example", true), ("\"a b\"@example.org", "\"a b\"@example.org", true),
    ]) func matchesAddresses(_ pattern: String, _ address: String, _ expected: Bool) throws {
        let subject = AddressPattern.Subject.address(try #require(EmailAddress(address)))
        #expect(try AddressPattern(pattern).matches(subject) == (expected ? .yes : .no))
    }

    @Test func onlyItsOwnPatternAndTheStarMatchTheNullSender() throws {
        #expect(try AddressPattern("<>").matches(.null) == .yes)
        #expect(try AddressPattern("*").matches(.null) == .yes)
        for text in ["@example.org", ".example.org", "a@example.org"] {
            #expect(try AddressPattern(text).matches(.null) == .no)
        }
    }

    @Test func whatCannotBeReadMayBeAnybody() throws {
        #expect(try AddressPattern("@example.org").matches(.unreadable) == .maybe)
        #expect(try AddressPattern("*").matches(.unreadable) == .yes)
    }

    @Test(arguments: [
        "", "user", "@", ".", "a@", "@a@b", "a b@c", "<a@b.example>", "@example.org.", "**", "a@b@c", "@a b",
    ])
    func refusesOthers(_ text: String) {
        #expect(throws: MailFlowError.self) { try AddressPattern(text) }
    }
}

@Suite struct NetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.77", true), ("192.0.2.0/24", "192.0.3.1", false), ("10.0.0.1", "10.0.0.1", true),
        ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false), ("2001:db8::/32", "2001:db8:1::2", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("::1", "::1", true), ("192.0.2.0/24", "::ffff:192.0.2.9", true),
        ("192.0.2.128/25", "192.0.2.127", false), ("::/0", "1.2.3.4", false),
    ]) func contains(_ network: String, _ address: String, _ expected: Bool) throws {
        #expect(try Network(network).contains(try #require(ClientAddress(address))) == expected)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/24", "01.2.3.4", "::1/129", "1::2::3", "x", "1.2.3.4/-1",
        "1:2:3:4:5:6:7:8:9",
    ])
    func refusesOthers(_ text: String) {
        #expect(throws: MailFlowError(.network, "")) { try Network(text) }
    }
}
