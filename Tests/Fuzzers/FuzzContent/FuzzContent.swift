import FuzzSupport
import MailProxy

private struct Reading: Equatable {
    var content: [UInt8] = []
    var end: Int?
    var bare: String?
}

private func read(_ bytes: ArraySlice<UInt8>, _ policy: ContentReader.BareLineEnds, piece: Int) -> Reading {
    var reader = ContentReader(policy)
    var result = Reading()
    var position = 0
    while position < bytes.count {
        let next = Array(bytes.dropFirst(position).prefix(piece))
        switch reader.push(next, into: &result.content) {
        case .more: break
        case .ended(let index):
            precondition((1...next.count).contains(index))
            result.end = position + index
            return result
        case .bare(let name):
            result.bare = name
            return result
        }
        position += next.count
    }
    return result
}

/// The first octet says in what pieces the rest arrives, which follows DATA. The pieces decide nothing; a message ends at the
/// first CR LF . CR LF and nowhere else; what is handed on has no CR or LF alone and ends where it ended here.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContent(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let said = bytes.dropFirst()
    let piece = Int(first % 7) + 1
    let repaired = read(said, .repair, piece: said.count + 1)
    precondition(read(said, .repair, piece: piece) == repaired, "pieces decide what is read")
    precondition(repaired.bare == nil)
    let strict = read(said, .reject, piece: said.count + 1)
    let strictPieces = read(said, .reject, piece: piece)
    precondition(strictPieces.end == strict.end && strictPieces.bare == strict.bare, "pieces decide what is refused")
    if strict.bare == nil { precondition(strict == repaired, "the policies differ where there is nothing to repair") }

    // The protocol's word for the end, found the simple way.
    let wire = [0x0D, 0x0A] + said
    let mark: [UInt8] = [0x0D, 0x0A, 0x2E, 0x0D, 0x0A]
    let end = wire.indices.first { wire[$0...].starts(with: mark) }.map { $0 + mark.count - 2 }
    precondition(repaired.end == end, "the message ends somewhere else")

    guard end != nil else { return 0 }
    var writer = ContentWriter(.refuse)
    var output: [UInt8] = []
    do {
        try writer.push(repaired.content, into: &output)
        try writer.finish(into: &output)
    } catch {
        preconditionFailure("a CR or LF stands alone in what is handed on: \(error)")
    }
    let again = read(output[...], .reject, piece: output.count)
    precondition(again.end == output.count && again.content == repaired.content, "the next server reads something else")
    plant(repaired.content)
    return 0
}
