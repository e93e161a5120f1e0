import Foundation

/// A message as the next hop received it.
public struct DeliveredMessage: Sendable {
    public let sender: String
    public let recipients: [String]
    /// What followed MAIL FROM:<...>.
    public let parameters: String
    /// Dots unstuffed, line ends as they came.
    public let data: [UInt8]

    /// The queue id that the last server wrote into the topmost Received field: Postfix's own.
    public let queueID: String?

    init(sender: String, recipients: [String], parameters: String, data: [UInt8]) {
        self.sender = sender
        self.recipients = recipients
        self.parameters = parameters
        self.data = data
        // Header only: bodies may be large and this runs for every message.
        let head = MailParts(Array(data.prefix(65536))).value("Received") ?? ""
        let words = head.split(whereSeparator: \.isWhitespace)
        queueID = words.firstIndex(of: "id").flatMap { $0 + 1 < words.count ? String(words[$0 + 1]) : nil }?
            .trimmingCharacters(in: CharacterSet(charactersIn: ";"))
    }

    public var text: String { String(decoding: data, as: UTF8.self) }
    /// Header and body, split at the first empty line.
    public var parts: MailParts { MailParts(data) }
}

/// The next hop: a threaded SMTP server on a free port of 127.0.0.1 that takes everything and remembers it.
public final class SMTPSink: @unchecked Sendable {
    private let listener: Listener
    public var port: UInt16 { listener.port }

    private let condition = NSCondition()
    private var stored: [DeliveredMessage] = []
    private var connections: [ObjectIdentifier: TCPConnection] = [:]
    private var total = 0
    private let keeps: Bool

    /// - Parameter keepsMessages: false counts only, for load runs.
    public init(keepsMessages: Bool = true) throws {
        listener = try Listener()
        keeps = keepsMessages
        let listener = listener
        Self.thread { [weak self] in
            while let connection = listener.accept() {
                guard let self else { return }
                self.condition.withLock { self.connections[ObjectIdentifier(connection)] = connection }
                Self.thread {
                    try? self.serve(connection)
                    self.condition.withLock { _ = self.connections.removeValue(forKey: ObjectIdentifier(connection)) }
                }
            }
        }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.stackSize = 512 * 1024
        thread.start()
    }

    private func serve(_ connection: TCPConnection) throws {
        try connection.write("220 sink.test ESMTP\r\n")
        var sender = ""
        var parameters = ""
        var recipients: [String] = []
        while let raw = try connection.readLine() {
            let line = String(decoding: raw, as: UTF8.self).trimmingCharacters(in: .newlines)
            switch line.prefix(4).uppercased() {
            case "EHLO":
                try connection.write(
                    "250-sink.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n")
            case "MAIL":
                (sender, parameters) = Self.path(line)
                recipients = []
                try connection.write("250 ok\r\n")
            case "RCPT":
                recipients.append(Self.path(line).0)
                try connection.write("250 ok\r\n")
            case "DATA":
                try connection.write("354 go\r\n")
                guard let data = try connection.readData() else { return }
                condition.withLock {
                    total += 1
                    if keeps {
                        stored.append(
                            DeliveredMessage(sender: sender, recipients: recipients, parameters: parameters, data: data)
                        )
                    }
                    condition.broadcast()
                }
                try connection.write("250 taken\r\n")
            case "QUIT":
                try connection.write("221 bye\r\n")
                return
            default: try connection.write("250 ok\r\n")
            }
        }
    }

    private static func path(_ line: String) -> (String, String) {
        guard let open = line.firstIndex(of: "<"), let close = line[open...].firstIndex(of: ">") else {
            return (line, "")
        }
        return (String(line[line.index(after: open)..<close]), String(line[line.index(after: close)...]))
    }

    /// All messages so far.
    public var messages: [DeliveredMessage] { condition.withLock { stored } }
    /// How many arrived since the start, kept or not.
    public var count: Int { condition.withLock { total } }

    /// Waits until the messages that match are at least that many and gives them.
    public func wait(
        _ count: Int = 1, seconds: Double = 60, where matches: (DeliveredMessage) -> Bool = { _ in true }
    ) throws -> [DeliveredMessage] {
        let end = Date().addingTimeInterval(seconds)
        return try condition.withLock {
            while true {
                let found = stored.filter(matches)
                if found.count >= count { return found }
                guard condition.wait(until: end) else {
                    throw TestFailure(
                        "\(found.count) of \(count) messages arrived in \(seconds) s; in all: \(stored.map(\.recipients))"
                    )
                }
            }
        }
    }

    /// Waits for one message to that recipient.
    public func message(to recipient: String, seconds: Double = 60) throws -> DeliveredMessage {
        try wait(1, seconds: seconds) { $0.recipients.contains(recipient) }[0]
    }

    /// Waits until that many arrived in all, kept or not.
    public func waitForTotal(_ count: Int, seconds: Double = 120) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        return condition.withLock {
            while total < count { if !condition.wait(until: end) { return false } }
            return true
        }
    }

    public func clear() { condition.withLock { stored.removeAll() } }

    public func stop() {
        listener.shut()
        condition.withLock { connections.values.forEach { $0.shut() } }
    }

    deinit { stop() }
}
