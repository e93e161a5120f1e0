/// A checked cursor over octets: every read says whether there was enough, nothing can trap.
struct ByteReader {
    let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    /// What is being read, for errors: "signature packet".
    let subject: StaticString

    init(_ bytes: ArraySlice<UInt8>, subject: StaticString) {
        self.bytes = bytes
        self.subject = subject
        position = bytes.startIndex
    }

    init(_ bytes: [UInt8], subject: StaticString) { self.init(bytes[...], subject: subject) }

    /// Octets not yet read.
    var remaining: Int { bytes.endIndex - position }
    var isAtEnd: Bool { position >= bytes.endIndex }
    /// Octets read so far.
    var consumed: Int { position - bytes.startIndex }

    mutating func byte() throws -> UInt8 {
        guard position < bytes.endIndex else { throw truncated() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func uint16() throws -> UInt16 {
        let slice = try take(2)
        return slice.reduce(0) { $0 << 8 | UInt16($1) }
    }

    mutating func uint32() throws -> UInt32 {
        let slice = try take(4)
        return slice.reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, remaining >= count else { throw truncated() }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func rest() -> ArraySlice<UInt8> {
        defer { position = bytes.endIndex }
        return bytes[position..<bytes.endIndex]
    }

    func truncated() -> OpenPGPError { OpenPGPError(.truncated, "the \(subject) ends too early", offset: consumed) }

    func malformed(_ what: String) -> OpenPGPError {
        OpenPGPError(.malformed, "the \(subject) \(what)", offset: consumed)
    }
}
