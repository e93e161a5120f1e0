import Foundation
import MIME
import Testing

/// Inputs that once stopped a fuzzer, kept so that they never do again. `mime-*` go to the message parser,
/// `address-*` to the address parser.
@Suite struct CrasherTests {
    @Test func keptInputsAreHarmless() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Crashers")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() where !name.hasPrefix(".")
        {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
            let list = AddressParser.parseList(bytes)
            for mailbox in list.mailboxes {
                #expect(EmailAddress(mailbox.address.canonical) == mailbox.address, "\(name)")
            }
            guard let message = try? Message(parsing: bytes) else { continue }
            #expect(message.reassembled() == bytes, "\(name)")
            for entity in message.root.flattened { _ = message.decodedBody(of: entity) }
        }
    }
}
