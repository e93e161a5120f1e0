import OpenPGP

/// libFuzzer's own changes of octets; gives the new size.
@_silgen_name("LLVMFuzzerMutate")
private func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximum: Int) -> Int

/// Every second time what is changed is the body of one packet, and its length follows: after any other change hardly a
/// message can be read to its end, and what comes after the first header would see few inputs.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutatePackets(
    _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximum: Int, _ seed: UInt32
) -> Int {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard seed.isMultiple(of: 2), bytes.first.map({ $0 >= 0x80 }) == true, let packets = packets(of: bytes) else {
        return mutate(data, count, maximum)
    }
    let chosen = Int(seed / 2) % packets.count
    var output: [UInt8] = []
    for (index, packet) in packets.enumerated() {
        var body = Array(packet.body)
        if index == chosen {
            let count = body.count
            body += Array(repeating: 0, count: 16)
            let changed = body.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.map { mutate($0, count, buffer.count) } ?? count
            }
            body.removeLast(body.count - changed)
        }
        PacketWriter.write(packet.tag, body: body, into: &output)
    }
    guard output.count <= maximum else { return mutate(data, count, maximum) }
    data.update(from: output, count: output.count)
    return output.count
}

/// nil unless all of it is packets.
func packets(of bytes: [UInt8]) -> [RawPacket]? {
    var reader = PacketReader(bytes)
    var packets: [RawPacket] = []
    do {
        while let packet = try reader.next() { packets.append(packet) }
    } catch {
        return nil
    }
    return packets.isEmpty ? nil : packets
}
