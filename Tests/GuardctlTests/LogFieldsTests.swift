import Testing

@testable import guardctl

struct LogFieldsTests {
    @Test func readsALine() {
        let fields = LogFields.parse(
            "id=4F direction=outbound reply=\"550 5.7.5 <a>: no \"key\"\" rules=\"a,b\" bytes=0 ms=1")
        #expect(fields.map(\.name) == ["id", "direction", "reply", "rules", "bytes", "ms"])
        #expect(fields.map(\.value) == ["4F", "outbound", "550 5.7.5 <a>: no \"key\"", "a,b", "0", "1"])
    }

    @Test(arguments: ["", "=", "a", "a=\"", "a=\"b"]) func damaged(_ line: String) {
        // Whatever it gives, it ends.
        #expect(LogFields.parse(line[...]).count <= 1)
    }
}
