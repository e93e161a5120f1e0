import Guard
import Libcrypto
import Testing

@testable import ControlAPI

@Suite struct ParametersTests {
    private func read(query: String = "", type: String? = nil, _ body: String = "") throws -> ControlAPI.Parameters {
        var reader = ParameterReader()
        try reader.query(query[...])
        try reader.body(Array(body.utf8), contentType: type)
        return reader.parameters
    }

    private let form = "application/x-www-form-urlencoded"
    private let json = "application/json; charset=utf-8"

    @Test func queryFormAndJSONMeanTheSame() throws {
        for parameters in [
            try read(query: "name=J%C3%BCrgen+M&n=-5&b=true"), try read(type: form, "name=J%c3%bcrgen%20M&n=-5&b=1"),
            try read(type: json, #"{"name":"Jürgen M","n":-5,"b":true}"#),
            try read(
                type: "multipart/form-data; boundary=\"x y\"",
                "--x y\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nJürgen M\r\n--x y\r\ncontent-disposition: form-data; name=n\r\n\r\n-5\r\n--x y\r\nContent-Disposition: form-data; name=\"b\"\r\nContent-Type: text/plain\r\n\r\non\r\n--x y--"
            ),
        ] {
            #expect(try parameters.text("name") == "Jürgen M")
            #expect(try parameters.required("name") == "Jürgen M")
            #expect(try parameters.integer("n") == -5)
            #expect(try parameters.bool("b") == true)
            #expect(try parameters.text("absent") == nil)
        }
    }

    @Test func passwordsComeFromTheBodyOnly() throws {
        for name in [
            "password", "e_password", "encr_password", "keyPassword", "newPassword", "oldpass", "newpass", "pin",
        ] {
            #expect(throws: GuardError(.secretInQuery, "")) { try read(query: "x=1&\(name)=secret") }
            #expect(throws: GuardError(.secretInQuery, "")) { try read(query: "\(name.uppercased())=") }
        }
        #expect(throws: GuardError(.secretInQuery, "")) { try read(query: "%70assword=secret") }
        let expected = SecretBytes(copying: Array("p&ss".utf8))
        #expect(try read(type: form, "password=p%26ss").secret("password") == expected)
        #expect(try read(type: json, #"{"password":"p&ss"}"#).secret("password") == expected)
        #expect(try read(type: json, #"{"password":null}"#).secret("password") == nil)
        #expect(try read(type: json, #"{"password":""}"#).secret("password") == nil)
        #expect(throws: GuardError(.missingParameter, "")) { try read().requiredSecret("password") }
        // Never as text, where it would get into messages.
        #expect(throws: GuardError(.badParameter, "")) { try read(type: form, "password=x").text("password") }
    }

    @Test func sameNameTwiceIsRefused() throws {
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "a=1&a=1") }
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "a=1", type: form, "a=2") }
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "type=pgp", type: json, #"{"type":"smime"}"#) }
        #expect(try read(query: "a=1", type: json, #"{"a":1}"#).integer("a") == 1)
        #expect(try read(query: "type=PGP", type: json, #"{"type":"pgp"}"#).text("type") == "PGP")
    }

    @Test(arguments: ["%", "%4", "%zz", "a=%0", "=1", "%20=1", "a%00b=1"])
    func brokenEncodingIsRefused(_ query: String) {
        #expect(throws: GuardError(.badParameter, "")) { try read(query: query) }
    }

    @Test(arguments: ["a%0d%0aBcc:+x", "%00", "a%0a", "%7f", "%ff"])
    func textIsOneLineOfUTF8(_ value: String) throws {
        let parameters = try read(query: "name=" + value)
        #expect(throws: GuardError(.badParameter, "")) { try parameters.text("name") }
        #expect(try parameters.file("name")?.isEmpty == false)
    }

    @Test func numbersHaveRanges() throws {
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "n=5").integer("n", in: 6...9) }
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "n=9223372036854775808").integer("n") }
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "n=1x").integer("n") }
        #expect(throws: GuardError(.badParameter, "")) { try read(type: json, #"{"n":1.5}"#).integer("n") }
        #expect(throws: GuardError(.badParameter, "")) { try read(type: json, #"{"n":[1]}"#).integer("n") }
        #expect(try read(type: json, #"{"n":2.0}"#).integer("n") == 2)
        #expect(try read(query: "n=").integer("n") == nil)
        #expect(throws: GuardError(.missingParameter, "")) { try read(query: "n=").requiredInteger("n") }
    }

    @Test func keyIDsSurviveWithTheirSign() throws {
        #expect(try read(query: "k=-2").keyID("k") == 0xFFFF_FFFF_FFFF_FFFE)
        #expect(try read(type: json, #"{"k":-2}"#).keyID("k") == 0xFFFF_FFFF_FFFF_FFFE)
        #expect(try read(query: "k=fffffffffffffffe").keyID("k") == 0xFFFF_FFFF_FFFF_FFFE)
        #expect(try read(query: "k=0xAB").keyID("k") == 0xAB)
        #expect(try read(query: "k=1234567890123456").keyID("k") == 1_234_567_890_123_456)
        #expect(throws: GuardError(.badParameter, "")) { try read(query: "k=zz").keyID("k") }
    }

    @Test(arguments: [
        ("text/plain", "a=1"), ("application/json", "[1]"), ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=x", "--x\r\n\r\nno name\r\n--x--"),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nopen"),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--"
        ),
    ])
    func brokenBodiesAreRefused(_ type: String, _ body: String) {
        #expect(throws: GuardError(.badParameter, "")) { try read(type: type, body) }
    }

    @Test func filesKeepTheirOctets() throws {
        var reader = ParameterReader()
        let octets = (0...255).map { UInt8($0) } + [13, 10, 45, 45]
        let body =
            Array("--b\r\nContent-Disposition: form-data; name=\"key\"; filename=\"k.asc\"\r\n\r\n".utf8) + octets
            + Array("\r\n--b--\r\n".utf8)
        try reader.body(body, contentType: "multipart/form-data; boundary=b")
        #expect(try reader.parameters.requiredFile("key") == octets)
    }

    @Test func tooManyParametersAreRefused() {
        #expect(throws: GuardError(.badParameter, "")) {
            try read(query: (0..<300).map { "a\($0)=1" }.joined(separator: "&"))
        }
    }
}
