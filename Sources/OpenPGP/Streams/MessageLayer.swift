import Libcrypto

/// One level of a message, read by its grammar (RFC 9580 section 10.3): signatures around one message, which is encrypted
/// data, compressed data or a literal, and nothing after it.
final class MessageLayer {
    /// Compression inside compression inside encryption is enough for any honest writer.
    static let maximumDepth = 4

    private let content: MessageContent
    private let encryption: EncryptedContainer.Environment?
    private let depth: Int
    private var reader = PacketStreamReader()
    private var sink: (any PacketSink)?
    private var sawMessage = false
    private var sawSessionKey = false
    private var announcements = 0
    private var closing = 0
    private var ignored = 0

    /// `encryption` is nil inside encrypted data: it is not nested.
    init(_ content: MessageContent, encryption: EncryptedContainer.Environment?, depth: Int = 0) {
        self.content = content
        self.encryption = encryption
        self.depth = depth
    }

    func push(_ bytes: Span<UInt8>) throws {
        var position = 0
        while let step = try reader.next(in: bytes, from: &position) {
            switch step {
            case .began(let header): sink = try sink(for: header.tag)
            case .body(let range): try sink?.push(bytes.extracting(range))
            case .ended: try endPacket()
            }
        }
    }

    func finish() throws {
        if try reader.finish() != nil { try endPacket() }
        guard sawMessage else { throw OpenPGPError(.truncated, "the data holds no message") }
        guard closing == announcements else {
            throw OpenPGPError(.truncated, "\(announcements) signatures were announced, \(closing) followed")
        }
    }

    private func endPacket() throws {
        let ended = sink
        sink = nil
        try ended?.finish()
    }

    private func sink(for tag: PacketTag) throws -> any PacketSink {
        if encryption?.isRequired ?? false, Self.readable.contains(tag) {
            throw OpenPGPError(.unexpectedData, "the message is not encrypted")
        }
        switch tag {
        case .publicKeyEncryptedSessionKey, .symmetricKeyEncryptedSessionKey:
            guard let encryption, !sawMessage, announcements == 0 else { throw unexpected(tag) }
            sawSessionKey = true
            return SmallPacket(tag) { try encryption.add($0, tag) }
        case .symmetricallyEncryptedIntegrityProtectedData, .gnupgAEADData, .symmetricallyEncryptedData:
            guard let encryption, !sawMessage, announcements == 0 else { throw unexpected(tag) }
            guard tag != .symmetricallyEncryptedData || encryption.allowsUnprotected else {
                throw OpenPGPError(
                    .integrityFailure, "the message is encrypted without integrity protection and is not read")
            }
            sawMessage = true
            return EncryptedContainer(tag, encryption, content)
        case .compressedData:
            guard !sawMessage, !sawSessionKey, depth < Self.maximumDepth else { throw unexpected(tag) }
            sawMessage = true
            return CompressedPacket(MessageLayer(content, encryption: encryption, depth: depth + 1))
        case .literalData:
            guard !sawMessage, !sawSessionKey else { throw unexpected(tag) }
            sawMessage = true
            return LiteralPacket(content)
        case .onePassSignature:
            guard !sawMessage, !sawSessionKey, announcements < MessageContent.maximumSignatures else {
                throw unexpected(tag)
            }
            announcements += 1
            return SmallPacket(tag) { [content] in Self.announce($0, content) }
        case .signature:
            guard !sawSessionKey else { throw unexpected(tag) }
            let isClosing = sawMessage
            if isClosing {
                guard closing < announcements else { throw unexpected(tag) }
                closing += 1
            }
            return SmallPacket(tag) { [content] in try Self.add($0, content, isClosing: isClosing) }
        default:
            guard tag == .marker || tag == .padding || !tag.isCritical, ignored < 100 else { throw unexpected(tag) }
            ignored += 1
            return IgnoredPacket()
        }
    }

    private static let readable: Set<PacketTag> = [.compressedData, .literalData, .onePassSignature, .signature]

    private func unexpected(_ tag: PacketTag) -> OpenPGPError {
        OpenPGPError(.unexpectedData, "\(tag) has no place here in the message")
    }

    /// Section 5.4; announcements of other versions belong to signatures that are not understood either.
    private static func announce(_ body: [UInt8], _ content: MessageContent) {
        var reader = ByteReader(body, subject: "one-pass signature packet")
        guard let version = try? reader.byte(), version == 3 || version == 6,
            let fields = try? reader.take(3), let type = fields.first
        else { return }
        let hash = HashID(rawValue: fields[fields.startIndex + 1])
        var salt: [UInt8] = []
        if version == 6 {
            guard let count = try? reader.byte(), let octets = try? reader.take(Int(count)) else { return }
            salt = Array(octets)
        }
        guard reader.remaining == (version == 6 ? 33 : 9) else { return }
        content.announce(SaltedHash(hash, salt: salt), SignatureType(rawValue: type))
    }

    private static func add(_ body: [UInt8], _ content: MessageContent, isClosing: Bool) throws {
        do {
            let signature = try Signature(parsingBody: body)
            if !isClosing { content.announce(signature.saltedHash, signature.type) }
            try content.add(.success(signature))
        } catch let error as OpenPGPError where error.code != .limitExceeded {
            try content.add(.failure(error))
        }
    }
}
