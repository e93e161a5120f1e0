import Libcrypto

/// Takes the body of one packet as it streams.
protocol PacketSink: AnyObject {
    func push(_ bytes: Span<UInt8>) throws
    func finish() throws
}

/// Drops a packet that says nothing to us.
final class IgnoredPacket: PacketSink {
    func push(_ bytes: Span<UInt8>) {}
    func finish() {}
}

/// Keeps the body of a small packet and hands it over whole.
final class SmallPacket: PacketSink {
    static let maximumSize = 64 << 10
    private let tag: PacketTag
    private var body: [UInt8] = []
    private let use: ([UInt8]) throws -> Void

    init(_ tag: PacketTag, _ use: @escaping ([UInt8]) throws -> Void) {
        self.tag = tag
        self.use = use
    }

    func push(_ bytes: Span<UInt8>) throws {
        guard bytes.count <= Self.maximumSize - body.count else {
            throw OpenPGPError(.limitExceeded, "\(tag) is longer than \(Self.maximumSize) octets")
        }
        body.append(bytes)
    }

    func finish() throws { try use(body) }
}

/// The literal packet: a header, then the content (RFC 9580 section 5.9).
final class LiteralPacket: PacketSink {
    private let content: MessageContent
    private var header: [UInt8] = []
    private var isOpen = false

    init(_ content: MessageContent) { self.content = content }

    func push(_ bytes: Span<UInt8>) throws {
        var start = 0
        while !isOpen, start < bytes.count {
            header.append(bytes[start])
            start += 1
            guard header.count >= 2, header.count == 6 + Int(header[1]) else { continue }
            let date = header.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            try content.begin(
                LiteralInfo(
                    format: header[0], fileName: Array(header.dropFirst(2).dropLast(4)),
                    date: date == 0 ? nil : Timestamp(Int64(date))))
            isOpen = true
        }
        if start < bytes.count { try content.append(bytes.extracting(start..<bytes.count)) }
    }

    func finish() throws {
        guard isOpen else { throw OpenPGPError(.truncated, "a literal packet ends in its header") }
    }
}

/// The compressed packet: an algorithm, then a message of its own (section 5.6).
final class CompressedPacket: PacketSink {
    private let layer: MessageLayer
    private var decompressor: (any Decompressor)?
    private var isPlain = false

    init(_ layer: MessageLayer) { self.layer = layer }

    func push(_ bytes: Span<UInt8>) throws {
        var rest = bytes
        if decompressor == nil, !isPlain {
            guard let first = bytes.octet(0) else { return }
            let algorithm = CompressionID(rawValue: first)
            if algorithm == .uncompressed { isPlain = true } else { decompressor = try algorithm.decompressor() }
            rest = bytes.extracting(1..<bytes.count)
        }
        if isPlain {
            try layer.push(rest)
        } else {
            try decompressor?.push(rest) { try layer.push($0) }
        }
    }

    func finish() throws {
        guard isPlain || decompressor != nil else { throw OpenPGPError(.truncated, "a compressed packet is empty") }
        try decompressor?.finish()
        try layer.finish()
    }
}
