import ArgumentParser
import Foundation
import Glibc
import KeyStore
import Libcrypto

/// Where a password comes from: never the command line, which every user of the machine can read.
struct PasswordOptions: ParsableArguments {
    @Option(
        name: .customLong("password-file"),
        help: ArgumentHelp(
            "A file whose first line is the password; @3 reads file descriptor 3.", valueName: "file|@fd"))
    var passwordFile: String?

    private static let maximumLength = 4096

    /// The password from the file or, at a terminal, by a prompt without echo.
    ///
    /// - Parameter confirmed: whether a prompt asks twice.
    func read(prompt: String, confirmed: Bool = false) throws -> SecretBytes {
        try Self.read(from: passwordFile, prompt: prompt, confirmed: confirmed)
    }

    /// The same for the value of another option of this kind.
    static func read(
        from file: String?, option: String = "--password-file", prompt: String, confirmed: Bool
    ) throws -> SecretBytes {
        if let file { return try firstLine(of: file) }
        guard isatty(STDIN_FILENO) == 1 else {
            throw KeyStoreError(.passwordRequired, "\(prompt): no terminal to ask at; use \(option)")
        }
        let password = try ask(prompt)
        if confirmed, try ask("\(prompt) again") != password {
            throw KeyStoreError(.wrongPassword, "the two passwords differ")
        }
        return password
    }

    private static func firstLine(of name: String) throws -> SecretBytes {
        let isDescriptor = name.hasPrefix("@")
        guard !isDescriptor || Int32(name.dropFirst()) != nil else {
            throw KeyStoreError(.missing, "--password-file \(name): write @ and the number of a file descriptor")
        }
        let descriptor = isDescriptor ? Int32(name.dropFirst()) ?? -1 : open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw KeyStoreError(.missing, "password file \(name): \(String(cString: strerror(errno)))")
        }
        defer { if !isDescriptor { close(descriptor) } }
        return try line(from: descriptor, name)
    }

    private static func ask(_ prompt: String) throws -> SecretBytes {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw KeyStoreError(.passwordRequired, "\(prompt): no terminal to ask at; use --password-file")
        }
        FileHandle.standardError.write(Data("\(prompt): ".utf8))
        var silent = settings
        // Without signals of the keyboard too: ended by one here, the terminal would stay without echo.
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        let password = try line(from: STDIN_FILENO, "the terminal")
        let isInterrupted = password.withBytes { bytes in bytes.indices.contains { bytes[$0] == 0x03 } }
        guard !isInterrupted else { throw KeyStoreError(.passwordRequired, "interrupted") }
        return password
    }

    private static func line(from descriptor: Int32, _ name: String) throws -> SecretBytes {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(maximumLength)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        var byte: UInt8 = 0
        while bytes.count < maximumLength, Glibc.read(descriptor, &byte, 1) == 1, byte != 10 { bytes.append(byte) }
        if bytes.last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else { throw KeyStoreError(.passwordRequired, "\(name) gives no password") }
        return SecretBytes(copying: bytes)
    }
}
