import FuzzSupport
import MIME

/// Parses any octets and checks what must hold for all of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMIME(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let message = try? Message(parsing: bytes, limits: Limits(maxDepth: 20, maxParts: 200)) else { return 0 }
    precondition(message.serialized() == bytes, "not the same octets")
    precondition(message.reassembled() == bytes, "the tree loses octets")
    for entity in message.root.flattened {
        _ = message.decodedBody(of: entity)
        _ = message.text(of: entity)
        _ = entity.filename
        for field in entity.header.fields { _ = field.decodedText }
        guard let boundary = entity.boundary, let scanner = try? MultipartScanner(boundary: boundary) else { continue }
        checkScanner(scanner, message, entity, piece: 1 + count % 13)
    }
    if let part = message.root.children.last { plant(message.body(of: part)) }
    return 0
}

/// The stream must split where the tree did.
private func checkScanner(_ fresh: MultipartScanner, _ message: Message, _ entity: Entity, piece: Int) {
    var scanner = fresh
    let body = Array(message.body(of: entity))
    var parts = [[UInt8]](repeating: [], count: entity.children.count)
    var total = 0
    func take(_ region: MultipartScanner.Region, _ span: Span<UInt8>) {
        total += span.count
        guard case .part(let index) = region else { return }
        precondition(index < parts.count, "the scanner sees more parts")
        for place in 0..<span.count { parts[index].append(span[place]) }
    }
    var position = 0
    while position < body.count {
        let end = min(body.count, position + piece)
        scanner.push(body.span.extracting(position..<end), take)
        position = end
    }
    scanner.finish(take)
    precondition(total == body.count, "the scanner loses octets")
    for (index, child) in entity.children.enumerated() {
        precondition(parts[index] == Array(message.slice(child.range)), "scanner and tree differ")
    }
}
