import MIME
import Testing

@Suite struct HeaderValueTests {
    @Test func contentTypes() {
        let plain = ContentType.parse(bytes(" Text/HTML (comment); Charset=\"utf-8\" ; x=y"))
        #expect(plain.mediaType == "text/html")
        #expect(plain.parameter("CHARSET") == "utf-8" && plain.parameter("x") == "y")
        #expect(
            ContentType.parse(bytes("multipart/mixed;\r\n boundary=\"a b\\\"c\"")).parameter("boundary") == "a b\"c")
        #expect(ContentType.parse(bytes("text/plain; boundary=----=_Part(1)")).parameter("boundary") == "----=_Part")
        #expect(ContentType.parse(bytes("nonsense")) == .textPlain)
        #expect(ContentType.parse([]) == .textPlain)
        let double = ContentType.parseReporting(bytes("text/plain;; charset=a; charset=b"))
        #expect(double.value.parameter("charset") == "a" && double.defects.map(\.kind) == [.duplicateParameter])
        let bare = ContentType.parseReporting(bytes("text/plain charset=a"))
        #expect(bare.value.parameter("charset") == "a" && bare.defects.map(\.kind) == [.invalidParameter])
        let spaced = ContentType.parseReporting(bytes("text/plain; name=two words.pdf; x=y"))
        #expect(spaced.value.parameter("name") == "two words.pdf" && spaced.value.parameter("x") == "y")
        for broken in [
            "a/b;=", "a/b; = ;", "a/b; x", "a/b; x=\"", "a/b; (", "a/b;\"", "a/b;=;=;==\"", "a/b; *=x", "a/b; x*00=y",
        ] {
            #expect(ContentType.parse(bytes(broken)).mediaType == "a/b")
        }
    }

    /// The examples of RFC 2231 sections 3, 4 and 4.1.
    @Test func rfc2231() {
        let joined = ContentType.parse(
            bytes("message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\""))
        #expect(joined.parameter("url") == "ftp://cs.utk.edu/pub")
        let title = ContentType.parse(
            bytes("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"))
        #expect(title.parameter("title") == "This is ***fun***")
        let mixed = ContentType.parse(
            bytes(
                "application/x-stuff; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*0*=us-ascii'en'This%20is%20even%20more%20; title*2=\"isn't it!\""
            ))
        #expect(mixed.parameter("title") == "This is even more ***fun*** isn't it!")
        let both = ContentType.parseReporting(bytes("a/b; name=plain; name*=utf-8''%C3%A4"))
        #expect(both.value.parameter("name") == "ä" && both.defects.map(\.kind) == [.duplicateParameter])
        let unknown = ContentType.parse(bytes("a/b; name*=koi8-r''%C1"))
        #expect(unknown.parameters.first?.isDecoded == false && unknown.parameterBytes("name") == [0xC1])
    }

    /// The table of RFC 2047 section 8 and what writers do beyond it.
    @Test(arguments: [
        ("=?ISO-8859-1?Q?a?=", "a"), ("=?ISO-8859-1?Q?a?= b", "a b"), ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=", "ab"), ("=?ISO-8859-1?Q?a_b?=", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a=?ISO-8859-2?Q?_b?="),
        ("=?utf-8?B?w6TDtg==?=", "äö"), ("=?utf-8?B?ww==?= =?utf-8?B?pA==?=", "ä"), ("=?windows-1252?q?=80?=", "€"),
        ("=?iso-8859-15?q?=A4?=", "€"), ("=?utf-8?Q?=FF?=", "=?utf-8?Q?=FF?="), ("=?utf-8*en?Q?x?=", "x"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="), ("=?=?=?utf-8?q?x?=", "=?=?x"), ("a =?utf-8?", "a =?utf-8?"), ("", ""),
    ])
    func encodedWords(source: String, expected: String) {
        #expect(EncodedWord.decode(bytes(source)) == expected)
    }

    @Test func encodedWordsComeBack() {
        for source in [
            "plain", "Grüße aus Köln", String(repeating: "日本語テキスト", count: 20), "=?utf-8?q?fake?=", "👩‍👩‍👧‍👦 emoji",
        ] {
            let encoded = EncodedWord.encode(source)
            #expect(encoded.allSatisfy { $0 >= 32 && $0 < 127 })
            #expect(text(encoded).split(separator: " ").allSatisfy { $0.utf8.count <= 75 } || source == "plain")
            #expect(EncodedWord.decode(encoded) == source)
        }
    }

    @Test func reportsWhatItCannotDecode() {
        let result = EncodedWord.decodeReporting(bytes("=?koi8-r?q?=C1?= =?utf-8?q?x?="))
        #expect(result.undecoded == ["koi8-r"] && result.hadWords && result.text == "=?koi8-r?q?=C1?= x")
    }

    @Test func builderFoldsAndEncodes() throws {
        let long = (0..<40).map { "word\($0)" }.joined(separator: " ")
        let field = try MIMEBuilder.field("Subject", long)
        #expect(text(field.serialized()).split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        #expect(field.value == long)
        #expect(throws: MIMEError(.invalidField, "")) { try MIMEBuilder.field("X", "a\r\nBcc: b") }
        #expect(throws: MIMEError(.invalidField, "")) { try MIMEBuilder.field("X:", "a") }
        let name = String(repeating: "Überlänge ", count: 20) + "\".pdf"
        let type = ContentType(
            type: "Application", subtype: "PDF",
            parameters: [
                Parameter(name: "name", value: name), Parameter(name: "x", value: "a b"),
                Parameter(name: "y", value: "z"),
            ])
        let written = try MIMEBuilder.field(type)
        #expect(text(written.serialized()).split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        let (read, defects) = ContentType.parseReporting(written.rawValue)
        #expect(defects.isEmpty && read.mediaType == "application/pdf")
        #expect(read.parameter("name") == name && read.parameter("x") == "a b" && read.parameter("y") == "z")
    }

    @Test func builderWritesMultiparts() throws {
        let boundary = MIMEBuilder.boundary(random: Array(0..<16))
        #expect(MIMEBuilder.isValidBoundary(boundary) && text(boundary) == "=_000102030405060708090A0B0C0D0E0F")
        #expect(
            !MIMEBuilder.isValidBoundary([]) && !MIMEBuilder.isValidBoundary(bytes("a "))
                && !MIMEBuilder.isValidBoundary(bytes("a;")))
        let type = ContentType(
            type: "multipart", subtype: "mixed", parameters: [Parameter(name: "boundary", value: text(boundary))])
        var output = try MIMEBuilder.field(type).serialized() + bytes("\r\n")
        var writer = try MultipartWriter(boundary: boundary)
        for part in ["one", "two\r\n"] {
            writer.openPart(into: &output)
            writer.header(
                [HeaderField(name: "X-Part", value: part.trimmingPrefix("x").description.filter { $0 != "\r\n" })],
                into: &output)
            output += bytes(part)
        }
        writer.close(into: &output)
        let message = try Message(parsing: output)
        #expect(message.defects.isEmpty)
        #expect(message.root.children.map { text(message.body(of: $0)) } == ["one", "two\r\n"])
    }
}
