/// What a server announced in answer to EHLO or LHLO.
public struct Capabilities: Sendable, Equatable {
    public var pipelining = false
    public var eightBitMIME = false
    public var smtpUTF8 = false
    public var dsn = false
    public var enhancedStatusCodes = false
    public var startTLS = false
    /// Whether SIZE was announced.
    public var size = false
    /// The largest message in octets; nil for no fixed limit.
    public var sizeLimit: Int?
    /// The attributes that XFORWARD takes here, upper case.
    public var xforward: Set<String> = []

    /// None: what HELO gets.
    public init() {}

    /// Reads the reply to EHLO: its first line is the server's greeting, each other line a keyword and its parameters.
    public init(_ reply: ServerReply) {
        for line in reply.lines.dropFirst() {
            let words = line.split(separator: " ").map { $0.uppercased() }
            switch words.first {
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBitMIME = true
            case "SMTPUTF8": smtpUTF8 = true
            case "DSN": dsn = true
            case "ENHANCEDSTATUSCODES": enhancedStatusCodes = true
            case "STARTTLS": startTLS = true
            case "SIZE":
                size = true
                sizeLimit = words.dropFirst().first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
            case "XFORWARD": xforward.formUnion(words.dropFirst())
            default: break
            }
        }
    }
}
