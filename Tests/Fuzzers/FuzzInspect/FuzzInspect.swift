import FuzzSupport
import MIME
import OpenPGP
import ProtectedMail

/// Nobody's keys: what is fuzzed is how structures are read.
private struct NoKeys: CertificateSource {
    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { [] }
}

private let time = Timestamp(1_790_000_000)

/// The whole inbound path: header, streaming inspection in pieces, the tree behind it, and the walk that looks for mail
/// that is already protected. In pieces of any size the verdict must be the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInspect(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = inspect(message: bytes, source: NoKeys(), time: time)
    if whole.status == .pass { fatalError("passed without any key") }
    guard let (header, body) = try? splitMessage(bytes),
        let inspector = try? Inspector(header: header, source: NoKeys(), time: time)
    else { return 0 }
    let piece = 1 + count % 97
    let walker = AlreadyProtectedWalker(header: header)
    var position = 0
    while position < body.count {
        let end = min(body.count, position + piece)
        let part = Array(body[position..<end])
        try? inspector.push(part.span)
        walker?.push(part.span)
        position = end
    }
    _ = walker?.finish()
    if inspector.finish() != whole { fatalError("the verdict depends on the size of pieces") }
    // Only mail that says that it is encrypted has a walker.
    if walker != nil { plant(body) }
    return 0
}
