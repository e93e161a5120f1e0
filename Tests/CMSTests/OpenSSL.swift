import Foundation
import TestSupport

/// Keys and certificates made by the `openssl` program in a folder of their own.
struct OpenSSL {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("x509") }

    /// Runs `openssl` with arguments separated by spaces; names starting with `@` are files of the folder.
    @discardableResult
    func callAsFunction(_ arguments: String, input: [UInt8] = []) throws -> [UInt8] {
        let words = arguments.split(separator: " ").map { word in
            word.hasPrefix("@") ? folder.file(String(word.dropFirst())) : String(word)
        }
        return try Shell.check("openssl", words, input: input)
    }

    func read(_ name: String) throws -> [UInt8] { try folder.read(name) }

    /// A self-signed certificate `name.pem` for the key `name.key`, with extensions in the form of its configuration.
    func certificate(
        _ name: String, key: String = "rsa:2048", subject: String = "/CN=Test", extensions: [String] = [],
        days: Int = 30, config: String = ""
    ) throws {
        let text = """
            [req]
            distinguished_name=dn
            x509_extensions=ext
            [dn]
            [ext]
            subjectKeyIdentifier=hash
            \(extensions.joined(separator: "\n"))
            \(config)
            """
        var arguments = ["req", "-x509", "-nodes", "-days", "\(days)", "-subj", subject, "-utf8"]
        arguments += ["-config", try folder.write("req.cnf", text)]
        arguments +=
            key.hasPrefix("rsa") ? ["-newkey", key] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(key)"]
        arguments += ["-keyout", folder.file(name + ".key"), "-out", folder.file(name + ".pem")]
        try Shell.check("openssl", arguments)
    }
}
