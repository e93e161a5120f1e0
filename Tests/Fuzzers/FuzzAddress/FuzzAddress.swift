import FuzzSupport
import MIME

/// Reads any octets as an address field, as one address, and as a domain.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAddress(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let list = AddressParser.parseList(bytes)
    for mailbox in list.mailboxes {
        // What was read can be written and read again.
        precondition(
            EmailAddress(mailbox.address.canonical) == mailbox.address, "the canonical form is another address")
    }
    if case .one(let address) = AddressParser.soleFrom(of: [bytes]) {
        precondition(address.isDomainMapped, "sure of an address that cannot be compared")
        let written = Array(address.canonical.utf8)
        precondition(
            AddressParser.soleFrom(of: [written]) == .one(address), "sure of what it doubts when written plainly")
    }
    _ = EmailAddress(smtpPath: bytes)
    _ = ContentType.parse(bytes)
    _ = EncodedWord.decode(bytes)
    let name = DomainName(String(decoding: bytes, as: UTF8.self))
    if name.isMapped { precondition(DomainName(name.text) == name, "mapping twice is not mapping once") }
    if let first = list.mailboxes.first { plant(first.address.localPart.utf8) }
    return 0
}
