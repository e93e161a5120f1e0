import Glibc

/// The MTA's side of the milter protocol on a unix socket, packet by packet: what `miltertest` cannot do (many connections
/// at once, looking between two packets, leaving in the middle).
public final class MilterClient {
    public struct Failure: Error, CustomStringConvertible { public let description: String }

    /// One packet: a command or answer letter and its payload.
    public struct Packet: Equatable, CustomStringConvertible {
        public let letter: Character
        public let payload: [UInt8]
        public init(_ letter: Character, _ payload: [UInt8] = []) {
            self.letter = letter
            self.payload = payload
        }
        /// Payload as text, zero bytes as `|`.
        public var text: String { String(decoding: payload.map { $0 == 0 ? 0x7C : $0 }, as: UTF8.self) }
        public var description: String { "\(letter) \(text.prefix(120))" }
    }

    public struct Agreement: Equatable {
        public var actions: UInt32
        public var steps: UInt32
        /// Macro names by stage.
        public var macros: [UInt32: String]
    }

    public static let allActions: UInt32 = 0x1FF
    public static let allSteps: UInt32 = 0x1F_FFFF
    private static let noReplyToHeader: UInt32 = 0x80
    private static let noReplyToConnect: UInt32 = 0x1000

    private var descriptor: Int32
    private var steps: UInt32 = 0

    /// Connects; reads give up after `timeout` seconds, so that a test ends.
    public init(path: String, timeout: Int = 60) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw Failure(description: "connect \(path): errno \(errno)") }
    }

    deinit { disconnect() }

    /// Closes without a word.
    public func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    public func send(_ letter: Character, _ payload: [UInt8] = []) throws {
        let count = UInt32(payload.count + 1).bigEndian
        var packet = withUnsafeBytes(of: count) { Array($0) }
        packet.append(letter.asciiValue ?? 0)
        packet += payload
        var sent = 0
        while sent < packet.count {
            let code = packet.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, packet.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard code > 0 else { throw Failure(description: "send \(letter): errno \(errno)") }
            sent += code
        }
    }

    public func receive() throws -> Packet {
        let head = try read(4)
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        let packet = try read(count)
        guard let letter = packet.first else { throw Failure(description: "empty packet") }
        return Packet(Character(UnicodeScalar(letter)), Array(packet.dropFirst()))
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let code = bytes.withUnsafeMutableBytes {
                Glibc.recv(descriptor, $0.baseAddress.map { $0 + done }, count - done, 0)
            }
            guard code > 0 else { throw Failure(description: code == 0 ? "closed" : "recv: errno \(errno)") }
            done += code
        }
        return bytes
    }

    // MARK: - The dialogue

    @discardableResult
    public func negotiate(actions: UInt32 = allActions, steps: UInt32 = allSteps) throws -> Agreement {
        try send("O", Self.word(6) + Self.word(actions) + Self.word(steps))
        let answer = try receive()
        guard answer.letter == "O", answer.payload.count >= 12 else {
            throw Failure(description: "negotiation: \(answer)")
        }
        func word(_ offset: Int) -> UInt32 { answer.payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        var agreement = Agreement(actions: word(4), steps: word(8), macros: [:])
        var offset = 12
        while offset + 4 < answer.payload.count {
            let stage = word(offset)
            let list = answer.payload[(offset + 4)...].prefix { $0 != 0 }
            agreement.macros[stage] = String(decoding: list, as: UTF8.self)
            offset += 4 + list.count + 1
        }
        self.steps = agreement.steps
        return agreement
    }

    public func macros(for letter: Character, _ values: [(String, String)]) throws {
        try send("D", [letter.asciiValue ?? 0] + Self.strings(values.flatMap { [$0.0, $0.1] }))
    }

    /// nil when no answer was agreed on.
    @discardableResult
    public func connect(host: String, address: String = "192.0.2.1") throws -> Packet? {
        try send("C", Self.strings([host]) + [UInt8(ascii: "4"), 0, 25] + Self.strings([address]))
        return steps & Self.noReplyToConnect == 0 ? try receive() : nil
    }

    public func mail(_ path: String, _ arguments: String...) throws -> Packet {
        try ask("M", Self.strings([path] + arguments))
    }
    public func recipient(_ path: String) throws -> Packet { try ask("R", Self.strings([path])) }
    public func data() throws -> Packet { try ask("T") }

    @discardableResult
    public func header(_ name: String, _ value: String) throws -> Packet? {
        try send("L", Self.strings([name, value]))
        return steps & Self.noReplyToHeader == 0 ? try receive() : nil
    }

    public func endOfHeaders() throws -> Packet { try ask("N") }
    public func body(_ bytes: [UInt8]) throws -> Packet { try ask("B", bytes) }
    public func abort() throws { try send("A") }
    public func quit() throws { try send("Q") }

    /// Every packet up to and including the final answer.
    public func endOfMessage() throws -> [Packet] {
        try send("E")
        return try results()
    }

    /// Reads on to the final answer of an end of message already sent.
    public func results() throws -> [Packet] {
        var packets: [Packet] = []
        while true {
            let packet = try receive()
            packets.append(packet)
            if "acdrty".contains(packet.letter) { return packets }
        }
    }

    public func ask(_ letter: Character, _ payload: [UInt8] = []) throws -> Packet {
        try send(letter, payload)
        return try receive()
    }

    private static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    private static func strings(_ values: [String]) -> [UInt8] { values.flatMap { Array($0.utf8) + [0] } }
}
