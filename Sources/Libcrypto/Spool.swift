import COpenSSL
import Glibc

/// Octets that wait: appended once, read from the start any number of times. Up to `memoryLimit` octets stay in memory;
/// past that everything goes to a file without a name, each record sealed with AES-256-GCM under a random key that exists
/// only in this object. Neither a crash nor a copy of the disk leaves anything readable. What is ciphertext already is
/// kept as it is.
public final class Spool: @unchecked Sendable {
    /// Octets of content in one record: whole pages, and less than the 65535 octets that protocols like to set as limit.
    public static let recordSize = 60 << 10

    private let memoryLimit: Int
    private let directory: String?
    private let isSecret: Bool
    /// Pieces of at most one record: all of the content, or what has not filled a record on disk yet.
    private var pieces: [[UInt8]] = []
    private var file: SpoolFile?
    /// Octets appended so far.
    public private(set) var count = 0

    /// `directory` is where the file goes if one is needed; by default TMPDIR, else /var/tmp. `isSecret` is false only for
    /// content that anybody may read, such as ciphertext on its way out.
    public init(memoryLimit: Int = 1 << 20, directory: String? = nil, isSecret: Bool = true) {
        self.memoryLimit = memoryLimit
        self.directory = directory
        self.isSecret = isSecret
    }

    deinit {
        cleanse(pieces.count)
    }

    /// Wipes the first `count` pieces.
    private func cleanse(_ count: Int) {
        guard isSecret else { return }
        for index in 0..<count { pieces[index].withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
    }

    /// Whether the content outgrew memory.
    public var isOnDisk: Bool { file != nil }

    /// Throws `spoolFailed` when the disk is full or the file cannot be made.
    public func append(_ bytes: Span<UInt8>) throws {
        try bytes.withUnsafeBufferPointer { try append($0) }
    }

    public func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBufferPointer { try append($0) }
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        guard let base = bytes.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
            if pieces.isEmpty || pieces[pieces.count - 1].count == Self.recordSize {
                if file != nil || count > memoryLimit { try flush() }
                var piece = [UInt8]()
                // A second piece says that more will come: it is made whole at once.
                if count > 0 { piece.reserveCapacity(Self.recordSize) }
                pieces.append(piece)
            }
            let last = pieces.count - 1
            let step = min(Self.recordSize - pieces[last].count, bytes.count - offset)
            pieces[last].append(contentsOf: UnsafeBufferPointer(start: base + offset, count: step))
            offset += step
            count += step
        }
        if file == nil, count > memoryLimit { try flush() }
    }

    /// Writes all full records; a shorter last piece stays in memory.
    private func flush() throws {
        let file = try file ?? SpoolFile(directory: directory, isSealed: isSecret)
        self.file = file
        let full = pieces.prefix { $0.count == Self.recordSize }.count
        for piece in pieces.prefix(full) { try file.append(piece) }
        cleanse(full)
        pieces.removeFirst(full)
    }

    /// Hands out the content from the start in pieces of at most ``recordSize`` octets.
    public func forEachChunk(_ body: (Span<UInt8>) throws -> Void) throws {
        if let file { try file.forEachRecord(body) }
        for piece in pieces { try body(piece.span) }
    }

    /// All of the content in one array; for callers that know it is small.
    public func bytes() throws -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        try forEachChunk { chunk in chunk.withUnsafeBufferPointer { all.append(contentsOf: $0) } }
        return all
    }
}
