public import Libcrypto

extension Guard {
    /// Octets of the longest password.
    static let longestPassword = 1024

    /// Whether a password is good enough to lock keys from now on.
    ///
    /// - Throws: `passwordPolicy`, with the minimal length as parameter.
    public func checkPolicy(_ password: SecretBytes) throws {
        let minimum = settings.passwords.minimumLength
        guard password.count <= Self.longestPassword else {
            throw GuardError(.passwordPolicy, "the password has more than \(Self.longestPassword) octets")
        }
        let (characters, hasControls) = password.withBytes { bytes in
            var characters = 0
            var hasControls = false
            for index in bytes.indices {
                // Octets that continue a character of UTF-8 are not counted.
                if bytes[index] & 0xC0 != 0x80 { characters += 1 }
                if bytes[index] < 0x20 || bytes[index] == 0x7F { hasControls = true }
            }
            return (characters, hasControls)
        }
        guard !hasControls else {
            throw GuardError(.passwordPolicy, "the password has control characters", parameters: ["\(minimum)"])
        }
        guard characters >= minimum else {
            throw GuardError(
                .passwordPolicy, "the password has fewer than \(minimum) characters", parameters: ["\(minimum)"])
        }
    }

    /// A password that keeps to the policy and holds no letters that look like others.
    public func generatePassword() throws -> SecretBytes {
        let alphabet = [UInt8]("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789".utf8)
        let length = max(settings.passwords.generatedLength, settings.passwords.minimumLength)
        // Octets past the last multiple of the alphabet's size would make some letters likelier.
        let limit = 256 - 256 % alphabet.count
        var source = try SecretBytes.random(count: 64)
        var position = 0
        return try SecretBytes(count: length) { password in
            for index in password.indices {
                var octet = 256
                while octet >= limit {
                    if position == source.count {
                        source = try SecretBytes.random(count: 64)
                        position = 0
                    }
                    octet = Int(source.withBytes { $0[position] })
                    position += 1
                }
                password[index] = alphabet[octet % alphabet.count]
            }
        }
    }
}
