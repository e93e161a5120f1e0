import MIME
import Testing

@Suite struct DomainNameTests {
    /// Samples of RFC 3492 section 7.1, lower case.
    @Test(
        arguments: [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("пochemuženemluvíčesky", nil),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("そのスピードで", "d9juau41awczczp"), ("bücher", "bcher-kva"), ("-> $1.00 <-", "-> $1.00 <--"),
        ] as [(String, String?)])
    func punycode(label: String, ascii: String?) {
        guard let ascii else { return }
        #expect(Punycode.encode(label.unicodeScalars) == ascii)
        #expect(Punycode.decode(ascii)?.elementsEqual(label.unicodeScalars) == true)
    }

    @Test(arguments: [
        ("EXAMPLE.Com", "example.com"), ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u{308}cher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"), ("l·l.example", "xn--ll-0ea.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"), ("r3---sn.example", "r3---sn.example"), ("[IPv6:::1]", "[ipv6:::1]"),
        ("localhost", "localhost"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"), ("βόλος.com", "xn--nxasmm1c.com"),
    ])
    func maps(written: String, expected: String) {
        let name = DomainName(written)
        #expect(name.isMapped && name.text == expected, "\(name)")
    }

    @Test(arguments: [
        "", ".", "a..b", ".a", "a.", "-a.b", "a-.b", "a b", "a!b", "ａ.example", "a。b", "ﬁ.example",
        "a\u{200D}b.example", "xn--a.example",
        "xn--abc-.example", "xn--.example", "\u{301}a.example", "ẞ.example", "💩.example", "a·b.example",
        String(repeating: "a", count: 64),
        String(repeating: "a.", count: 127) + "aa", "xn--strasse-", "ab--ü.example", "[", "[]", "[a b]",
        "xn--99999999999",
    ])
    func flags(written: String) {
        let name = DomainName(written)
        #expect(!name.isMapped && name.text == written, "\(name)")
    }

    @Test func decodingNeverTraps() {
        var chance = Chance(5)
        let alphabet = Array("abcxyz0189-ABZ".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...64, using: &chance)
            let ascii = text((0..<count).map { _ in alphabet.randomElement(using: &chance) ?? 0 })
            _ = Punycode.decode(ascii)
            _ = DomainName("xn--" + ascii)
        }
    }
}
