import Libcrypto
import OpenPGP

/// A message that is signed and readable: OpenPGP packets around the content, or a text in the cleartext framework.
struct SignedInput {
    private enum Content {
        case message(Spool)
        case text([UInt8])
    }

    let results: [SignatureResult]
    private let content: Content

    static func read(
        _ file: FileReader, time: Timestamp, certificates: @escaping CertificateLookup
    ) throws -> SignedInput {
        var options = MessageDecryptor.Options()
        options.maximumSize = .max
        let reader = MessageDecryptor(keys: [], options: options, time: time, certificates: certificates)
        var opening: [UInt8] = []
        var isText: Bool?
        try file.forEachPiece { piece in
            if isText == false { return try reader.push(piece) }
            piece.withUnsafeBufferPointer { opening.append(contentsOf: $0) }
            isText = isText ?? isCleartext(opening)
            if isText == false { try reader.push(opening.span) }
        }
        if isText ?? isCleartext(opening, isWhole: true) ?? false {
            return try SignedInput(text: opening, time, certificates)
        }
        if isText == nil { try reader.push(opening.span) }
        do {
            let message = try reader.finish()
            return SignedInput(results: message.signatures, content: .message(message.content))
        } catch let error as OpenPGPError where [.noUsableKey, .notDecryptable].contains(error.code) {
            throw Failure(.badData, "the message is encrypted")
        }
    }

    private init(results: [SignatureResult], content: Content) {
        self.results = results
        self.content = content
    }

    private init(text: [UInt8], _ time: Timestamp, _ certificates: @escaping CertificateLookup) throws {
        guard let found = try CleartextSignature.verify(text, time: time, certificates: certificates) else {
            throw Failure(.badData, "there is no signed text")
        }
        if try CleartextSignature.verify(
            text, from: found.range.upperBound, time: time, certificates: { _ in [] }) != nil
        {
            throw Failure(.badData, "there is more than one signed text")
        }
        self.init(results: found.signatures, content: .text(found.coveredText))
    }

    /// Whether the first armor header line is that of the cleartext framework; nil while it is not known.
    private static func isCleartext(_ opening: [UInt8], isWhole: Bool = false) -> Bool? {
        guard Armor.isArmored(opening) else { return opening.isEmpty && !isWhole ? nil : false }
        let mark = Array("-----BEGIN PGP ".utf8)
        let wanted = Array("SIGNED MESSAGE-----".utf8)
        for start in opening.indices where opening[start...].starts(with: mark) {
            guard start == 0 || opening[start - 1] == 10 else { continue }
            let rest = opening[(start + mark.count)...]
            guard rest.count >= wanted.count || isWhole else { return nil }
            return rest.starts(with: wanted)
        }
        return isWhole ? false : nil
    }

    func writeContent() throws {
        let output = StandardOutput()
        switch content {
        case .message(let spool): try spool.forEachChunk { try output.append($0) }
        case .text(let bytes): try output.append(bytes)
        }
        try output.finish()
    }
}
