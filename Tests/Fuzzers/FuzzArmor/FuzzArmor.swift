import FuzzSupport
import OpenPGP

/// Reads any text as armor: in one piece and in many gives the same, and what is read survives writing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArmor(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let blocks = (try? Armor.decode(bytes)) ?? []
    for block in blocks {
        _ = block.checksumIsRight
        let again = try? Armor.decode(Armor.encode(block.bytes, kind: block.kind, headers: block.headers))
        precondition(again?.count == 1 && again?.first?.bytes == block.bytes, "armor loses octets")
    }
    let whole = read(bytes, pieces: max(1, bytes.count))
    for pieces in [1, 1 + count % 7, 64] {
        precondition(read(bytes, pieces: pieces) == whole, "the result depends on how the text is cut")
    }
    if let first = blocks.first, let whole { precondition(first.bytes == whole, "two ways to read, two results") }
    if let field = blocks.first?.headers.first { plant(field.value.utf8) }
    return 0
}

private func read(_ bytes: [UInt8], pieces: Int) -> [UInt8]? {
    let decoder = ArmorDecoder()
    var output: [UInt8] = []
    do {
        var position = 0
        while position < bytes.count, !decoder.isFinished {
            let end = min(bytes.count, position + pieces)
            try decoder.push(bytes.span.extracting(position..<end), into: &output)
            position = end
        }
        try decoder.finish(into: &output)
        return output
    } catch {
        return nil
    }
}
