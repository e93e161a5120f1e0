/// Reads the signature packets of a detached signature.
enum SignaturePackets {
    /// Most signatures that are looked at.
    static let maximum = 64

    /// The signatures in `bytes`, armored or binary; those of an unknown version are passed over with a result that says so.
    ///
    /// - Throws: `malformed`, `truncated`, or `unexpectedData` where something else than signatures stands between them.
    static func parse(_ bytes: [UInt8]) throws -> [Result<Signature, OpenPGPError>] {
        var packets = bytes
        if Armor.isArmored(bytes) {
            packets = []
            let blocks = try Armor.decode(bytes).filter { $0.kind == .signature || $0.kind == .message }
            guard !blocks.isEmpty else { throw OpenPGPError(.unexpectedData, "the armor holds no signature") }
            for block in blocks { packets += block.bytes }
        }
        var reader = PacketReader(packets)
        var result: [Result<Signature, OpenPGPError>] = []
        while let packet = try reader.next() {
            guard packet.tag == .signature else {
                if packet.tag == .marker || packet.tag == .padding || !packet.tag.isCritical { continue }
                throw OpenPGPError(.unexpectedData, "\(packet.tag) among signatures", offset: packet.offset)
            }
            guard result.count < maximum else {
                throw OpenPGPError(.limitExceeded, "more than \(maximum) signatures", offset: packet.offset)
            }
            do {
                result.append(.success(try Signature(parsingBody: packet.body)))
            } catch let error as OpenPGPError {
                result.append(.failure(error))
            }
        }
        guard !result.isEmpty else { throw OpenPGPError(.unexpectedData, "there is no signature") }
        return result
    }

    /// The result for a packet that cannot be a signature we know.
    static func failure(_ error: OpenPGPError) -> SignatureResult {
        let unsupported = error.code == .unsupportedVersion || error.code == .unsupportedAlgorithm
        return SignatureResult(
            signature: nil, outcome: unsupported ? .unsupported(error.message) : .malformed(error.message))
    }
}
