import FuzzSupport
import OpenPGP

/// Reads any octets as packets: whole and streaming must agree, and keys and signatures survive writing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPackets(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var reader = PacketReader(bytes)
    var whole: [RawPacket] = []
    var isWhole = true
    do {
        while let packet = try reader.next() {
            whole.append(packet)
            check(packet)
        }
    } catch {
        isWhole = false
    }
    for pieces in [1, 1 + count % 11, max(1, count)] {
        let streamed = stream(bytes, pieces: pieces)
        precondition((streamed.error == nil) == isWhole, "one way of reading sees an error, the other none")
        precondition(streamed.bodies.count >= whole.count, "streaming loses a packet")
        for (packet, body) in zip(whole, streamed.bodies) {
            precondition(packet.body.elementsEqual(body), "streaming gives another body")
        }
    }
    if let user = whole.first(where: { $0.tag == .userID }) { plant(user.body) }
    return 0
}

private func check(_ packet: RawPacket) {
    switch packet.tag {
    case .signature:
        guard let signature = try? Signature(parsingBody: packet.body) else { return }
        precondition(signature.serializedBody.elementsEqual(packet.body), "a signature loses octets")
        _ = signature.trailer
        _ = signature.embeddedSignatures
        _ = signature.structuralDefect
        _ = signature.expirationTime
        _ = signature.preferredSymmetric
        _ = signature.intendedRecipients
        _ = signature.revocationText
    case .publicKey, .publicSubkey:
        guard let key = try? PublicKey(parsingBody: packet.body) else { return }
        precondition(key.serializedBody.elementsEqual(packet.body), "a key loses octets")
        let again = try? PublicKey(creation: key.creation, algorithm: key.algorithm, parameters: key.parameters)
        precondition(again?.bitSize == key.bitSize, "a key changes when it is written anew")
        _ = try? key.handle()
    case .userID: _ = UserID(bytes: Array(packet.body)).emailAddress
    case .symmetricKeyEncryptedSessionKey: _ = try? S2K.parse(packet.body.dropFirst(2))
    default: return
    }
}

private func stream(_ bytes: [UInt8], pieces: Int) -> (bodies: [[UInt8]], error: (any Error)?) {
    var reader = PacketStreamReader()
    var bodies: [[UInt8]] = []
    var current: [UInt8] = []
    func take(_ step: PacketStreamReader.Step, from base: Int) {
        switch step {
        case .began: current = []
        case .body(let range): current += bytes[base + range.lowerBound..<base + range.upperBound]
        case .ended: bodies.append(current)
        }
    }
    do {
        var base = 0
        while base < bytes.count {
            let end = min(bytes.count, base + pieces)
            var position = 0
            while let step = try reader.next(in: bytes.span.extracting(base..<end), from: &position) {
                take(step, from: base)
            }
            precondition(position == end - base, "octets are left over")
            base = end
        }
        if let step = try reader.finish() { take(step, from: bytes.count) }
    } catch {
        return (bodies, error)
    }
    return (bodies, nil)
}
