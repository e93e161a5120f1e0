import Glibc

/// A name for something outside of standard input and output: a file, `@ENV:NAME` or `@FD:NUMBER`.
enum Designator {
    case file(String)
    case environment(String)
    case descriptor(Int32)

    init(_ text: String) throws {
        guard text.hasPrefix("@") else {
            self = .file(text)
            return
        }
        // Whoever has a file of such a name may mean the file.
        guard access(text, F_OK) != 0 else {
            throw Failure(.ambiguousInput, "\(text) is the name of a file, too: write ./\(text) for the file")
        }
        if text.hasPrefix("@ENV:") {
            self = .environment(String(text.dropFirst(5)))
        } else if text.hasPrefix("@FD:") {
            guard let number = Int32(text.dropFirst(4)), number >= 0 else {
                throw Failure(.missingInput, "\(text) names no file descriptor")
            }
            self = .descriptor(number)
        } else {
            throw Failure(.unsupportedSpecialPrefix, "\(text): only @ENV: and @FD: are known")
        }
    }
}

enum InputFile {
    /// All octets behind a designator.
    static func read(_ text: String) throws -> [UInt8] {
        switch try Designator(text) {
        case .environment(let name):
            guard let value = getenv(name) else {
                throw Failure(.missingInput, "the environment has no variable \(name)")
            }
            // What the variable says is for this process alone.
            return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
        case .descriptor(let number):
            return try FileReader(number, name: text).all()
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw Failure(.missingInput, "\(path): \(String(cString: strerror(errno)))")
            }
            defer { close(descriptor) }
            return try FileReader(descriptor, name: path).all()
        }
    }
}
