import TestSupport
import Testing

/// The examples of the documentation do what it says.
@Suite struct SnippetTests {
    @Test(arguments: [
        ("EncryptMessage", "Meet me at noon."), ("VerifyMessage", "good"),
        ("JudgeCertificate", "alice@example.org may be encrypted to"),
    ])
    func runs(_ name: String, _ expected: String) throws {
        let output = try Shell.check(Executable.path(name), [])
        #expect(String(decoding: output, as: UTF8.self).contains(expected))
    }
}
