/// A network in CIDR notation (RFC 4632, RFC 4291): `192.0.2.0/24`, `2001:db8::/32`, or a single address.
public struct Network: Hashable, Sendable, CustomStringConvertible {
    /// The network address, 4 or 16 octets.
    public let address: [UInt8]
    /// The number of leading bits that count.
    public let prefixLength: Int

    /// Reads a network. Throws `MailFlowError` with code `network`; bits set behind the prefix are an error, because
    /// they are nearly always a mistake.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let client = ClientAddress(String(first)) else {
            throw MailFlowError(.network, "'\(text)' is not a network; write it as 192.0.2.0/24 or 2001:db8::/32")
        }
        let bits = client.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard let last = parts.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(last),
                value <= bits
            else {
                throw MailFlowError(.network, "the prefix of '\(text)' is not a number from 0 to \(bits)")
            }
            length = value
        }
        address = Network.mask(client.bytes, length)
        prefixLength = length
        guard address == client.bytes else {
            throw MailFlowError(
                .network, "'\(text)' has bits set behind its prefix; write \(Network.text(address))/\(length)")
        }
    }

    /// Whether the address lies in the network.
    public func contains(_ client: ClientAddress) -> Bool {
        client.bytes.count == address.count && Network.mask(client.bytes, prefixLength) == address
    }

    public var description: String { "\(Network.text(address))/\(prefixLength)" }

    private static func text(_ bytes: [UInt8]) -> String { ClientAddress(bytes: bytes)?.description ?? "" }

    private static func mask(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = max(0, min(8, length - index * 8))
            return kept == 0 ? 0 : byte & (UInt8(0xFF) << UInt8(8 - kept))
        }
    }
}
