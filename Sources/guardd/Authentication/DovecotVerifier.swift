import Glibc
import Guard
import Libcrypto
import MIME

/// Asks Dovecot whether a password is a mailbox's, by its authentication protocol (version 1), as its own login processes do.
struct DovecotVerifier: PasswordVerifier {
    /// The socket of an authentication client, as `/run/dovecot/auth-client`.
    let path: String
    var seconds = 10
    /// Lines of a handshake past which the peer is no Dovecot.
    private static let longestHandshake = 200

    func verify(mailbox: EmailAddress, password: SecretBytes) throws -> Bool {
        // PLAIN (RFC 4616) ends its parts with NUL.
        guard !password.withBytes({ span in span.indices.contains { span[$0] == 0 } }) else { return false }
        do {
            let connection = try UnixConnection(path: path, seconds: seconds)
            try shakeHands(connection)
            try connection.send(Self.request(mailbox, password))
            return try answer(connection)
        } catch let error as UnixConnection.Failure {
            throw GuardError(.unavailable, "the authentication server does not answer: \(error.reason)")
        }
    }

    private func shakeHands(_ connection: UnixConnection) throws {
        try connection.send("VERSION\t1\t1\nCPID\t\(getpid())\n")
        var hasPlain = false
        for _ in 0..<Self.longestHandshake {
            let fields = try connection.line().split(separator: "\t", omittingEmptySubsequences: false)
            switch fields.first {
            case "VERSION":
                guard fields.count > 1, fields[1] == "1" else {
                    throw UnixConnection.Failure(reason: "it speaks another version of the protocol")
                }
            case "MECH": hasPlain = hasPlain || fields.dropFirst().first == "PLAIN"
            case "DONE":
                guard hasPlain else { throw UnixConnection.Failure(reason: "it does not offer PLAIN") }
                return
            default: break
            }
        }
        throw UnixConnection.Failure(reason: "its handshake does not end")
    }

    /// `nologin`: nobody will fetch the outcome for a login process. `no-penalty`: all our requests come from one address
    /// to Dovecot, so one guesser would slow everybody down; guesses are counted here, by mailbox. The response must be the
    /// last parameter.
    private static func request(_ mailbox: EmailAddress, _ password: SecretBytes) -> SecretBytes {
        let name = Array(mailbox.canonical.utf8)
        let plain = SecretBytes(count: name.count + password.count + 2) { span in
            for (index, octet) in name.enumerated() { span[1 + index] = octet }
            password.withBytes { secret in
                for index in secret.indices { span[name.count + 2 + index] = secret[index] }
            }
        }
        let head = Array("AUTH\t1\tPLAIN\tservice=guardd\tsecured\tnologin\tno-penalty\tresp=".utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return SecretBytes(count: head.count + (plain.count + 2) / 3 * 4 + 1) { line in
            for (index, octet) in head.enumerated() { line[index] = octet }
            plain.withBytes { octets in
                var position = head.count
                for start in stride(from: 0, to: octets.count, by: 3) {
                    let left = octets.count - start
                    let group =
                        UInt32(octets[start]) << 16 | (left > 1 ? UInt32(octets[start + 1]) << 8 : 0)
                        | (left > 2 ? UInt32(octets[start + 2]) : 0)
                    for digit in 0..<4 {
                        line[position] =
                            digit <= left ? alphabet[Int(group >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "=")
                        position += 1
                    }
                }
                line[position] = 0x0A
            }
        }
    }

    private func answer(_ connection: UnixConnection) throws -> Bool {
        for _ in 0..<Self.longestHandshake {
            let fields = try connection.line().split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count > 1, fields[1] == "1" else { continue }
            switch fields[0] {
            case "OK": return true
            case "FAIL":
                guard !fields.contains("temp"), !fields.contains("code=temp_fail") else {
                    throw UnixConnection.Failure(reason: "it cannot look the mailbox up now")
                }
                return false
            case "CONT": throw UnixConnection.Failure(reason: "it wants more than the password")
            default: continue
            }
        }
        throw UnixConnection.Failure(reason: "it does not answer what was asked")
    }
}
