import FuzzSupport
import MailFlow

/// The input is a list of lines. Each is read as a pattern, a network, a header condition and a client address; what
/// could be read is held against the others.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRulePattern(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let lines = bytes.prefix(4096).split(separator: 0x0A, maxSplits: 16, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    var patterns: [AddressPattern] = []
    var networks: [Network] = []
    var clients: [ClientAddress] = []
    for line in lines {
        if let pattern = try? AddressPattern(line) {
            patterns.append(pattern)
            if case .mailbox(let address) = pattern { plant(address.localPart.utf8) }
        }
        if let network = try? Network(line) {
            networks.append(network)
            // What we print can be read again and means the same.
            precondition((try? Network(network.description)) == network)
        }
        if let client = ClientAddress(line) {
            clients.append(client)
            precondition(ClientAddress(client.description) == client)
        }
        _ = try? HeaderCondition(line)
    }
    for pattern in patterns {
        precondition(pattern.matches(.unreadable) != .no || pattern == .null)
        for other in patterns {
            guard case .mailbox(let address) = other else { continue }
            let subject = AddressPattern.Subject.address(address)
            precondition(pattern.matches(subject) != .maybe)
            if pattern == other { precondition(pattern.matches(subject) == .yes) }
        }
        if pattern != .any, pattern != .null { precondition(pattern.matches(.null) == .no) }
    }
    for network in networks { for client in clients { _ = network.contains(client) } }
    return 0
}
