import MIME
import Testing

@Suite struct MessageTests {
    private func kinds(_ message: Message) -> Set<Defect.Kind> { Set(message.defects.map(\.kind)) }

    @Test func splitsMultipartWithPreambleAndEpilogue() throws {
        let source = crlf(
            "From: a@b.example\nContent-Type: multipart/mixed; boundary=\"x\"\n\npre\n--x\nContent-Type: text/plain\n\none\n--x  \n\ntwo\n\n--x--\nepi\n"
        )
        let message = try Message(parsing: source)
        #expect(message.root.children.count == 2)
        #expect(text(message.body(of: message.root.children[0])) == "one")
        #expect(text(message.body(of: message.root.children[1])) == "two\r\n")
        #expect(text(message.slice(try #require(message.root.preamble))) == "pre")
        #expect(text(message.slice(try #require(message.root.epilogue))) == "epi\r\n")
        #expect(message.root.isClosed)
        #expect(message.defects.isEmpty)
        #expect(message.reassembled() == source)
    }

    @Test func outerDelimiterEndsInnerParts() throws {
        let source = crlf(
            "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/alternative; boundary=in\n\n--in\n\nx\n--out\n\ny\n--out--\n"
        )
        let message = try Message(parsing: source)
        #expect(message.root.children.count == 2)
        #expect(message.root.children[0].children.count == 1)
        #expect(kinds(message) == [.missingCloseDelimiter])
        #expect(message.isAmbiguous)
        #expect(message.reassembled() == source)
    }

    /// The line end before a delimiter is the delimiter's, even where it ends a delimiter inside.
    @Test(arguments: ["--in--", "--in", "--in\n\nx\n--in--"])
    func innerDelimiterGivesUpItsLineEnd(inner: String) throws {
        let source = crlf(
            "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/mixed; boundary=in\n\n\(inner)\n--out--\n"
        )
        let message = try Message(parsing: source)
        #expect(message.root.children.count == 1)
        #expect(text(message.slice(message.root.children[0].range)).hasSuffix(text(crlf(inner))))
        #expect(text(message.slice(message.root.delimiters[1])) == "\r\n--out--\r\n")
        #expect(message.reassembled() == source && isWellNested(message.root))
    }

    @Test func opensNestedMessagesAndDigests() throws {
        let source = crlf(
            "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: one\n\nbody\n--d\nContent-Type: message/rfc822\n\nSubject: two\n\nbody2\n--d--\n"
        )
        let message = try Message(parsing: source)
        #expect(message.root.children.map { $0.children.first?.header.first("subject")?.value } == ["one", "two"])
        #expect(message.reassembled() == source)
    }

    private static let broken: [(String, Set<Defect.Kind>)] = [
        ("", []),
        ("\n", [.bareLF]),
        ("Subject: x", []),
        ("no header at all\r\n", [.missingBlankLine]),
        ("Subject: x\r\nbody without blank line\r\n", [.missingBlankLine]),
        ("From me Mon\r\nSubject: x\r\n\r\n", [.mboxFromLine]),
        ("Subject : x\r\n\r\n", [.spaceBeforeColon]),
        ("Subject: x\r\n \r\nTo: y\r\n\r\n", [.blankContinuation]),
        ("Subject: x\r\nSubject: y\r\n\r\n", [.duplicateField]),
        ("Content-Type: text\r\n\r\n", [.invalidContentType]),
        ("Content-Type: multipart/mixed\r\n\r\n", [.missingBoundary]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\nx", [.noParts]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n", [.missingCloseDelimiter]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n--ab\r\n--a--\r\n", [.delimiterPrefix]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n--a--\r\n--a\r\n", [.delimiterAfterClose]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nX: y\r\n--a--\r\n", [.missingBlankLine]),
        ("Content-Type: multipart/mixed; boundary=\"a \"\r\n\r\n--a\r\n\r\n--a--\r\n", [.invalidBoundary]),
        ("Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\n--a--\r\n", [.duplicateParameter]),
        ("Content-Transfer-Encoding: base64 8bit\r\n\r\n", [.unknownTransferEncoding]),
        ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n", [.encodedComposite]),
        ("Subject: x\r\n\r\na\u{0}b", [.nul]),
        ("Subject: x\r\n\r\na\rb", [.bareCR]),
    ]

    @Test(arguments: broken)
    func namesDefects(source: String, expected: Set<Defect.Kind>) throws {
        let message = try Message(parsing: bytes(source))
        #expect(kinds(message) == expected)
        #expect(message.reassembled() == bytes(source))
    }

    @Test func limitsAreNamedErrors() throws {
        func code(_ source: String, _ limits: Limits) -> MIMEError.Code? {
            do { _ = try Message(parsing: bytes(source), limits: limits) } catch { return error.code }
            return nil
        }
        #expect(code("Subject: x\n\n", .standard) == nil)
        #expect(
            code("Subject: \(String(repeating: "x", count: 100))\n\n", Limits(maxHeaderBytes: 50)) == .headerTooLarge)
        #expect(code("Subject: x\n\n\(String(repeating: "x", count: 100))", Limits(maxLineLength: 99)) == .lineTooLong)
        let part =
            "Content-Type: multipart/mixed; boundary=a\n\n" + String(repeating: "--a\n\nx\n", count: 10) + "--a--\n"
        #expect(code(part, Limits(maxParts: 10)) == .tooManyParts)
        #expect(code(part, Limits(maxParts: 11)) == nil)
        let deep = String(repeating: "Content-Type: message/rfc822\n\n", count: 60)
        #expect(code(deep, .standard) == .tooDeep)
    }

    @Test func editsReplaceOnlyWhatTheySay() throws {
        let source = bytes("Subject: one\r\nTo: a@b.example\r\n\r\nbody\r\n")
        var message = try Message(parsing: source)
        let subject = try #require(message.root.header.first("SUBJECT")?.range)
        try message.replace(message.root.bodyRange, with: bytes("new"))
        try message.replace(subject, with: [])
        #expect(text(message.serialized()) == "To: a@b.example\r\n\r\nnew")
        #expect(throws: MIMEError(.invalidEdit, "")) { try message.replace(0..<3, with: []) }
        #expect(throws: MIMEError(.invalidEdit, "")) { try message.replace(0..<9999, with: []) }
    }

    @Test func headerFieldsKeepTheirBytes() throws {
        let message = try Message(parsing: bytes("SuBject:  a\r\n\tb  \r\nX:\r\n\r\n"))
        let field = try #require(message.root.header.first("subject"))
        #expect(field.name == "SuBject")
        #expect(text(field.rawValue) == "  a\r\n\tb  ")
        #expect(field.value == "a\tb")
        #expect(field.serialized() == bytes("SuBject:  a\r\n\tb  \r\n"))
        #expect(message.root.header.fields.last?.rawValue == [])
        #expect(HeaderField(name: "A", value: "b").serialized() == bytes("A: b\r\n"))
    }

    /// Random damage to a nested message: nothing is lost and nothing traps.
    @Test func survivesMutations() throws {
        let seed = crlf(
            "From: a@b.example\nContent-Type: multipart/mixed; boundary=\"out\"\n\n--out\nContent-Type: multipart/signed;\n boundary=in\n\n--in\n\nx\n--in\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--in--\n\n--out\nContent-Transfer-Encoding: base64\n\nAAAA\n--out--\nend\n"
        )
        var chance = Chance(1)
        for _ in 0..<3000 {
            var mutated = seed
            for _ in 0..<Int.random(in: 1...6, using: &chance) {
                let place = Int.random(in: 0..<mutated.count, using: &chance)
                switch Int.random(in: 0..<4, using: &chance) {
                case 0: mutated[place] = [0, 10, 13, 45, 58, 34, 255].randomElement(using: &chance) ?? 0
                case 1: mutated.remove(at: place)
                case 2: mutated.insert([10, 13, 45, 32].randomElement(using: &chance) ?? 0, at: place)
                default:
                    let end = min(mutated.count, place + 20)
                    mutated.insert(
                        contentsOf: mutated[place..<end], at: Int.random(in: 0...mutated.count, using: &chance))
                }
            }
            let message = try Message(parsing: mutated)
            #expect(message.reassembled() == mutated)
            #expect(isWellNested(message.root))
        }
    }
}
