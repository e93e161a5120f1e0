import Guard
public import Libcrypto

extension Call {
    /// A password: as the server's key encrypts it in `e_password`, or plain; nil where the request has none.
    ///
    /// - Throws: `GuardError` with code `credentialsRefused` for an `e_password` that does not open.
    public func password(_ name: String = "password") throws -> SecretBytes? {
        if let encrypted = try parameters.secret("e_password") {
            return try self.guard.openTransported(encrypted.text)
        }
        return try parameters.secret(name)
    }

    /// A password that must be there.
    public func requiredPassword(_ name: String = "password") throws -> SecretBytes {
        guard let password = try password(name) else {
            throw GuardError(.missingParameter, "the parameter \(name) is missing", parameters: [name])
        }
        return password
    }
}

extension SecretBytes {
    /// For answers, which are text: tokens and session identifiers go to whoever asked for them.
    var text: String {
        withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }
}
