import Libcrypto

/// Passwords behind designators. People end a line where they type or store one, so that blanks at the end are not part
/// of a new password; to open something both readings are tried.
enum Passwords {
    /// Passwords that may open something: each as it is, and without blanks at its end.
    static func known(_ designators: [String]) throws -> [SecretBytes] {
        var result: [SecretBytes] = []
        for designator in designators {
            try withOctets(of: designator) { octets, trimmed in
                for count in [trimmed, octets.count] {
                    let password = SecretBytes(copying: octets.span.extracting(0..<count))
                    if !result.contains(password) { result.append(password) }
                }
            }
        }
        return result
    }

    /// A password to lock something with.
    static func new(_ designator: String) throws -> SecretBytes {
        try withOctets(of: designator) { octets, trimmed in
            let password = octets.span.extracting(0..<trimmed)
            guard (try? UTF8Span(validating: password)) != nil else {
                throw Failure(.passwordNotHumanReadable, "the password behind \(designator) is not UTF-8 text")
            }
            return SecretBytes(copying: password)
        }
    }

    private static func withOctets<R>(
        of designator: String, _ body: (_ octets: [UInt8], _ trimmed: Int) throws -> R
    ) throws -> R {
        var octets = try InputFile.read(designator)
        defer { octets.wipe() }
        let blanks: [UInt8] = [9, 10, 11, 12, 13, 32]
        let trimmed = octets.lastIndex { !blanks.contains($0) }.map { $0 + 1 } ?? 0
        return try body(octets, trimmed)
    }
}
