import Libcrypto
import OpenPGP

/// A message that is signed and readable: OpenPGP packets around the content, or a text in the cleartext framework.
struct SignedInput {
    let results: [SignatureResult]
    private let content: Spool

    static func read(
        _ file: FileReader, time: Timestamp, certificates: @escaping CertificateLookup
    ) throws -> SignedInput {
        var options = MessageDecryptor.Options()
        options.maximumSize = .max
        let message = MessageDecryptor(keys: [], options: options, time: time, certificates: certificates)
        let spool = Spool()
        let text = CleartextReader(covered: { try spool.append($0) })
        var opening: [UInt8] = []
        var isText: Bool?
        func push(_ piece: Span<UInt8>) throws {
            if isText == true { try text.push(piece) } else { try message.push(piece) }
        }
        try file.forEachPiece { piece in
            if isText != nil { return try push(piece) }
            piece.withUnsafeBufferPointer { opening.append(contentsOf: $0) }
            isText = isCleartext(opening)
            if isText != nil { try push(opening.span) }
        }
        if isText == nil {
            isText = isCleartext(opening, isWhole: true) ?? false
            try push(opening.span)
        }
        if isText == true {
            return SignedInput(results: try finish(text, spool, time, certificates), content: spool)
        }
        do {
            let message = try message.finish()
            return SignedInput(results: message.signatures, content: message.content)
        } catch let error as OpenPGPError where [.noUsableKey, .notDecryptable].contains(error.code) {
            throw Failure(.badData, "the message is encrypted")
        }
    }

    private static func finish(
        _ reader: CleartextReader, _ text: Spool, _ time: Timestamp, _ certificates: @escaping CertificateLookup
    ) throws -> [SignatureResult] {
        try reader.finish()
        guard reader.range != nil else { throw Failure(.badData, "there is no signed text") }
        guard !reader.hasMore else { throw Failure(.badData, "there is more than one signed text") }
        return try reader.signatures(time: time, certificates: certificates) { try text.forEachChunk($0) }
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
        try content.forEachChunk { try output.append($0) }
        try output.finish()
    }
}
