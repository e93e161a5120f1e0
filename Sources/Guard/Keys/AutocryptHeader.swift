import Libcrypto
public import MIME
public import OpenPGP

/// The value of an `Autocrypt` field (Autocrypt Level 1, section 2.1): attributes separated by semicolons, `keydata` last.
public struct AutocryptHeader: Sendable {
    /// Octets of the longest value.
    static let maximumSize = 128 << 10

    public let address: EmailAddress
    /// Whether its owner asks for encryption wherever possible.
    public let prefersEncryption: Bool
    public let certificate: Certificate

    /// - Throws: `GuardError` with code `autocryptRefused`. Attributes that are not known make the whole field invalid, unless
    ///   they begin with an underscore.
    public init(parsing value: [UInt8]) throws {
        func refused(_ what: String) -> GuardError { GuardError(.autocryptRefused, "the Autocrypt header \(what)") }
        guard value.count <= Self.maximumSize else { throw refused("is longer than \(Self.maximumSize) octets") }
        guard let text = String(validating: value, as: UTF8.self) else { throw refused("is no text") }
        var address: EmailAddress?
        var keydata: [UInt8]?
        var prefers = false
        for part in text.split(separator: ";") {
            guard let equals = part.firstIndex(of: "=") else {
                if part.allSatisfy(\.isWhitespace) { continue }
                throw refused("has an attribute without a value")
            }
            let name = part[..<equals].filter { !$0.isWhitespace }.lowercased()
            let content = part[equals...].dropFirst().filter { !$0.isWhitespace }
            switch name {
            case "addr":
                guard address == nil else { throw refused("names two addresses") }
                address = EmailAddress(String(content)).flatMap { $0.isDomainMapped ? $0 : nil }
                if address == nil { throw refused("names no usable address") }
            case "prefer-encrypt": prefers = content == "mutual"
            case "keydata":
                guard keydata == nil else { throw refused("has two keys") }
                keydata = Base64.decode(Array(content.utf8))
                if keydata == nil { throw refused("has a key that is no base64") }
            default: guard name.hasPrefix("_") else { throw refused("has a critical attribute that is not known") }
            }
        }
        guard let address, let keydata else { throw refused("lacks its address or its key") }
        guard let certificate = try? Certificate(parsing: keydata) else {
            throw refused("has a key that cannot be read")
        }
        self.address = address
        prefersEncryption = prefers
        self.certificate = certificate
    }
}
