import FuzzSupport
import MailProxy

/// The first octet says in what pieces the rest, which a server says, arrives. The pieces decide nothing; what is read is
/// within its bounds, and reads the same when it is written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReply(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let said = bytes.dropFirst()
    let (read, defect) = parse(said, piece: said.count + 1)
    precondition(parse(said, piece: Int(first % 7) + 1) == (read, defect), "pieces decide what is read")
    for reply in read {
        precondition((200...559).contains(reply.code) && (1...ReplyParser.maxLines).contains(reply.lines.count))
        plant(reply.text.utf8)
        _ = Capabilities(reply)
        let written = reply.lines.enumerated().map { index, line in
            "\(reply.code)\(index + 1 < reply.lines.count ? "-" : " ")\(line)\r\n"
        }.joined()
        // A replacement character is longer than the octet it stands for.
        guard !reply.lines.contains(where: { $0.utf8.count + 4 > ReplyParser.maxLineLength }) else { continue }
        precondition(parse(Array(written.utf8)[...], piece: 64) == ([reply], nil), "what was read cannot be written")
    }
    return 0
}

private func parse(_ said: ArraySlice<UInt8>, piece: Int) -> ([ServerReply], ReplyDefect?) {
    var parser = ReplyParser()
    var read: [ServerReply] = []
    var rest = said
    while !rest.isEmpty {
        let next = rest.prefix(piece)
        rest = rest.dropFirst(next.count)
        do throws(ReplyDefect) { try parser.push(next, into: &read) } catch { return (read, error) }
    }
    return (read, nil)
}
