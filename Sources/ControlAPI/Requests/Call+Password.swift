import Guard
public import Libcrypto

extension Call {
    /// A password to be tried: as the server's key encrypts it in `e_password`, or plain; nil where the request has none.
    /// An `e_password` that does not open is a wrong one.
    public func password(_ name: String = "password") throws -> SecretBytes? {
        if let encrypted = try parameters.secret("e_password") {
            return try self.guard.guessTransported(encrypted.text)
        }
        return try parameters.secret(name)
    }

    /// The same where it must be there.
    public func requiredPassword(_ name: String = "password") throws -> SecretBytes {
        guard let password = try password(name) else { throw missing(name) }
        return password
    }

    /// A password that is to be set, in the same forms.
    ///
    /// - Throws: `GuardError` with code `credentialsRefused` for an `e_password` that does not open.
    public func newPassword() throws -> SecretBytes {
        if let encrypted = try parameters.secret("e_password") {
            return try self.guard.openTransported(encrypted.text)
        }
        guard let password = try parameters.secret("password") else { throw missing("password") }
        return password
    }

    private func missing(_ name: String) -> GuardError {
        GuardError(.missingParameter, "the parameter \(name) is missing", parameters: [name])
    }
}

extension SecretBytes {
    /// For answers, which are text: tokens and session identifiers go to whoever asked for them.
    var text: String {
        withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }
}
