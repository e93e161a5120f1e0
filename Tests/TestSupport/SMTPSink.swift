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

    public init(sender: String, recipients: [String], parameters: String, data: [UInt8]) {
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

/// The next hop: a threaded server on a free port of 127.0.0.1 that takes everything and remembers it, and misbehaves where
/// a test says so. It speaks SMTP, and LMTP with whoever says LHLO: then each recipient has an answer, and a copy, of their own.
public final class SMTPSink: @unchecked Sendable {
    /// Where the sink is about to answer.
    public struct Moment: Sendable {
        public enum Step: String, Sendable, CaseIterable {
            case greeting, hello, mail, recipient, data, content, end, quit
        }
        public let step: Step
        /// Of the transaction, as far as known. A recipient is there when it is to be answered; at the end in LMTP only the
        /// one whose answer is due.
        public let sender: String
        public let recipients: [String]
    }

    public enum Fault: Sendable, CaseIterable {
        case refuse4, refuse5
        /// The connection ends instead of an answer; what came before is not taken.
        case die
        /// At the end of the content: it is taken, and the connection ends.
        case dieAfterTaking
        /// Something that is no reply; nothing is taken.
        case nonsense
        /// No answer until the client leaves; nothing is taken.
        case hold
        /// The right answer, octet by octet.
        case dribble
        /// The right answer, some seconds later. Whether the client waited for it makes no difference.
        case late
    }

    private struct Over: Error {}
    /// How late ``Fault/late`` is.
    public static let delay: useconds_t = 2_000_000

    private let listener: Listener
    public var port: UInt16 { listener.port }
    private let fault: @Sendable (Moment) -> Fault?

    private let condition = NSCondition()
    private var stored: [DeliveredMessage] = []
    private var connections: [ObjectIdentifier: TCPConnection] = [:]
    private var total = 0
    private let keeps: Bool

    /// - Parameters:
    ///   - keepsMessages: false counts only, for load runs.
    ///   - fault: asked before each answer, on the thread of the connection.
    public init(keepsMessages: Bool = true, fault: @escaping @Sendable (Moment) -> Fault? = { _ in nil }) throws {
        listener = try Listener()
        keeps = keepsMessages
        self.fault = fault
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
        var sender = ""
        var parameters = ""
        var recipients: [String] = []
        var isLMTP = false
        func moment(_ step: Moment.Step) -> Fault? {
            fault(Moment(step: step, sender: sender, recipients: recipients))
        }
        /// Whether the answer was the one given.
        @discardableResult
        func answer(_ text: String, _ fault: Fault?) throws -> Bool {
            switch fault {
            case nil:
                try connection.write(text + "\r\n")
                return true
            case .refuse4: try connection.write("450 4.3.0 not now\r\n")
            case .refuse5: try connection.write("550 5.7.1 never\r\n")
            case .nonsense: try connection.write("\u{1}what?\r\n")
            case .die, .dieAfterTaking: throw Over()
            case .hold:
                while try connection.readLine() != nil {}
                throw Over()
            case .dribble:
                for byte in Array((text + "\r\n").utf8) { try connection.write([byte]) }
                return true
            case .late:
                usleep(Self.delay)
                try connection.write(text + "\r\n")
                return true
            }
            return false
        }
        func end(_ data: [UInt8], for recipients: [String]) throws {
            let fault = fault(Moment(step: .end, sender: sender, recipients: recipients))
            switch fault {
            case nil, .dribble, .dieAfterTaking, .late:
                take(DeliveredMessage(sender: sender, recipients: recipients, parameters: parameters, data: data))
            case .refuse4, .refuse5, .die, .nonsense, .hold: break
            }
            try answer("250 taken", fault)
        }
        guard try answer("220 sink.test ESMTP", moment(.greeting)) else { return }
        while let raw = try connection.readLine() {
            let line = String(decoding: raw, as: UTF8.self).trimmingCharacters(in: .newlines)
            switch line.prefix(4).uppercased() {
            case "EHLO", "LHLO":
                isLMTP = line.uppercased().hasPrefix("LHLO")
                try answer(
                    "250-sink.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN",
                    moment(.hello))
            case "MAIL":
                (sender, parameters) = Self.path(line)
                recipients = []
                try answer("250 ok", moment(.mail))
            case "RCPT":
                recipients.append(Self.path(line).0)
                if try !answer("250 ok", moment(.recipient)) { recipients.removeLast() }
            case "DATA":
                guard !recipients.isEmpty else {
                    try connection.write("554 no recipients\r\n")
                    continue
                }
                guard try answer("354 go", moment(.data)) else { continue }
                switch moment(.content) {
                case nil: break
                case .late: usleep(Self.delay)
                default:
                    _ = try connection.readLine()
                    throw Over()
                }
                guard let data = try connection.readData() else { return }
                if isLMTP {
                    for recipient in recipients { try end(data, for: [recipient]) }
                } else {
                    try end(data, for: recipients)
                }
            case "QUIT":
                try answer("221 bye", moment(.quit))
                return
            default: try connection.write("250 ok\r\n")
            }
        }
    }

    private func take(_ message: @autoclosure () -> DeliveredMessage) {
        condition.withLock {
            total += 1
            if keeps { stored.append(message()) }
            condition.broadcast()
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
