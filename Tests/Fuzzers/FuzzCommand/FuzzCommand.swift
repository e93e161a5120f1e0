import FuzzSupport
import MailProxy

/// The input is one command line of a client. What is read of it is within its bounds and cannot end a line or an address
/// when it is handed on.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCommand(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let line = Array(UnsafeBufferPointer(start: start, count: count))
    guard let command = try? CommandParser.parse(line) else { return 0 }
    switch command {
    case .mail(let path, let parameters), .recipient(let path, let parameters):
        precondition(parameters.allSatisfy { $0.allSatisfy { 0x21...0x7E ~= $0 } }, "a parameter ends a command")
        let written = "\(path)".utf8
        precondition(!written.contains { $0 < 0x20 || $0 == 0x7F }, "a path ends a command")
        // A path is read again as itself, whatever the command it stands in.
        let again = try? CommandParser.parse(Array("MAIL FROM:".utf8) + written)
        precondition(again == .mail(path, []), "a path is read differently the second time")
        plant(path.text.utf8)
    case .xforward(let attributes), .xclient(let attributes):
        precondition(attributes.count <= 16 && attributes.allSatisfy { $0.value.utf8.count <= 255 })
        precondition(!attributes.contains { $0.value.utf8.contains { $0 < 0x20 || $0 == 0x7F } })
    case .hello(_, let name): precondition(name.utf8.allSatisfy { 0x21...0x7E ~= $0 })
    case .unknown(let verb): precondition(verb.count <= 32)
    case .data, .reset, .noop, .quit, .startTLS, .help, .verify, .foreign: break
    }
    return 0
}
