import Guard
import Libcrypto
import Testing

@testable import ControlAPI

@Suite struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue {
        try JSONReader.read(Array(text.utf8), secrets: ["password"])
    }

    @Test func valuesOfEveryKind() throws {
        let value = try read(
            #" {"a":[1,-2.5,1e2,true,false,null],"b":{"c":"x\u00e9\ud83d\ude00\n"},"n":-9223372036854775808} "#)
        #expect(value["a"] == .array([.integer(1), .number(-2.5), .number(100), .bool(true), .bool(false), .null]))
        #expect(value["b"]?["c"] == .string(Array("xé😀\n".utf8)))
        #expect(value["n"] == .integer(.min))
        #expect(try read(#"{"password":"x"}"#)["password"] == .secret(SecretBytes(copying: [0x78])))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{\"a\":1,\"a\":2}", "01", "-", "1.", "1e", "+1",
        "tru",
        "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 2",
        "1e999",
        "nul", "[1 2]", "{\"a\" 1}", String(repeating: "[", count: 100_000), String(repeating: "9", count: 500),
    ])
    func brokenTextIsRefused(_ text: String) {
        #expect(throws: GuardError(.badParameter, "")) { try read(text) }
    }

    @Test func brokenUTF8IsRefused() {
        #expect(throws: GuardError(.badParameter, "")) { try JSONReader.read([0x22, 0xFF, 0x22]) }
    }
}
