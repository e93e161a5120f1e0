import MIME
import Testing

@testable import ProtectedMail

@Suite struct ContentFieldsTests {
    private func field(_ name: String, _ value: String) -> HeaderField {
        HeaderField(name: Array(name.utf8), value: Array(value.utf8))
    }

    @Test func fieldsMoveInsideAsTheyCame() {
        let content = ContentFields([
            field("From", " a@b.example"), field("MIME-Version", " 1.0"),
            field("content-TYPE", "  text/plain;\n\tcharset=utf-8"), field("Subject", " x"),
            field("Content-Language", ""), field("CONTENT-type", " text/html"), field("Contents", " kept outside"),
        ])
        #expect(
            String(decoding: content.inner, as: UTF8.self)
                == "content-TYPE:  text/plain;\r\n\tcharset=utf-8\r\nContent-Language:\r\nCONTENT-type: text/html\r\n")
        #expect(
            content.removals == [
                .remove(name: "CONTENT-type", occurrence: 2), .remove(name: "Content-Language", occurrence: 1),
                .remove(name: "content-TYPE", occurrence: 1),
            ])
        #expect(content.version.isEmpty)
    }

    @Test func versionIsMended() {
        #expect(ContentFields([]).version == [.append(name: "MIME-Version", value: " 1.0")])
        #expect(ContentFields([field("Mime-Version", " 1.0 ")]).version.isEmpty)
        #expect(
            ContentFields([field("Mime-Version", " 1.1"), field("MIME-VERSION", " 1.0")]).version == [
                .remove(name: "Mime-Version", occurrence: 2),
                .replace(name: "Mime-Version", occurrence: 1, value: " 1.0"),
            ])
    }
}
