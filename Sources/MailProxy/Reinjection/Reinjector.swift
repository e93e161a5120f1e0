import Libcrypto
public import MailFlow

/// Hands the copies of a message to a listener of the mail server, all or none as far as SMTP can promise.
///
/// Every recipient of every copy is judged before the content of the first is sent. After that a failure can only be
/// temporary, and the journal keeps the next attempt from sending a copy twice. Two windows stay open, as with every mail
/// server: a copy that was taken but of which the journal does not know, because the answer did not come or nothing could be
/// written any more; and a message of which all copies were taken but whose sender did not get our answer.
public struct Reinjector: Redelivery {
    /// Connections that one message holds open at once; further copies share one more.
    static let maxConnections = 20
    /// Connections of all messages together, but for one that every message has. The mail server has a limit on its side
    /// (Postfix: 100 processes), and messages that wait for each other's connections would all run into their budget.
    static let spareConnections = 50

    private let settings: ClientSettings
    private let budget: Double
    private let pool: KeptConnections
    private let keep: Double
    private let journal: any DeliveryJournal
    private let log: @Sendable (String) -> Void
    private let count: @Sendable (Doubt, Int) -> Void
    private let spare = Lock(Reinjector.spareConnections)

    /// - Parameters:
    ///   - budget: seconds for one message, all copies together.
    ///   - pool: where connections wait for the next message.
    ///   - keep: seconds that they wait; 0 makes new ones for each message.
    ///   - log: takes sentences for administrators: which reply blocks, which window was hit.
    ///   - count: is told of how many recipients nobody knows whether they have one copy or two.
    public init(
        _ settings: ClientSettings, budget: Double, pool: KeptConnections = KeptConnections(), keep: Double = 0,
        journal: any DeliveryJournal,
        log: @escaping @Sendable (String) -> Void, count: @escaping @Sendable (Doubt, Int) -> Void = { _, _ in }
    ) {
        self.settings = settings
        self.budget = budget
        self.pool = pool
        self.keep = keep
        self.journal = journal
        self.log = log
        self.count = count
    }

    public func deliver(_ copies: [Released], of message: MessageIdentity) -> RedeliveryResult {
        let all = copies.flatMap { entries($0, message) }
        do {
            switch try journal.open(all) {
            case .busy: return .refused(Self.later("another attempt at this message is under way"))
            case .ready(let done, let unsure):
                if !unsure.isEmpty {
                    count(.sentAgain, unsure.count)
                    log("copies: \(unsure.count) recipients of an earlier attempt may get theirs twice")
                }
                return try deliver(copies, message, done: done, unsure: unsure, all: all)
            }
        } catch {
            log("copies: the journal: \(error)")
            return .refused(Self.later("guardd could not process the message, try again later"))
        }
    }

    public func hasUnfinished() throws -> Bool { try !journal.isEmpty() }

    public func hasUnfinished(
        _ message: MessageIdentity, from sender: [UInt8], to recipients: [String]
    ) throws -> Bool {
        try journal.knows(recipients.map { DeliveryRecipient(sender: sender, recipient: $0, message: message) })
    }

    private func deliver(
        _ copies: [Released], _ message: MessageIdentity, done: Set<DeliveryRecipient>,
        unsure: Set<DeliveryRecipient>, all: [DeliveryRecipient]
    ) throws -> RedeliveryResult {
        let open = copies.compactMap { copy -> OpenCopy? in
            let rest = copy.recipients.filter {
                !done.contains(DeliveryRecipient(sender: copy.sender, recipient: $0.text, message: message))
            }
            return rest.isEmpty ? nil : OpenCopy(copy, rest, entries(copy, message).filter { !done.contains($0) })
        }
        let connections = takeConnections(for: open.count)
        defer { spare.withLock { $0 += connections } }
        let work = ReinjectionWork(
            open, connections: connections, settings: settings, deadline: Deadline(seconds: budget), pool: pool)
        do {
            try work.begin()
        } catch {
            try giveBack(open[...], unsure)
            return blocked(error, isPartial: !done.isEmpty || !unsure.isEmpty)
        }
        var waiting = open[...]
        while let copy = waiting.first {
            do {
                try work.send(open.count - waiting.count)
            } catch {
                let isUnsure = (error as? MailProxyError)?.mayHaveBeenAccepted ?? false
                if isUnsure {
                    count(.answerLost, copy.entries.count)
                    log("copies: \(Self.names(copy)): taken or not, the answer did not come")
                    try journal.giveBack(copy.entries, isSure: false)
                }
                try giveBack(isUnsure ? waiting.dropFirst() : waiting, unsure)
                return blocked(
                    error,
                    isPartial: !done.isEmpty || !unsure.isEmpty || waiting.count < open.count || isUnsure)
            }
            do { try journal.accept(copy.entries) } catch {
                count(.notRecorded, copy.entries.count)
                log("copies: \(Self.names(copy)): taken, but the journal could not be written: \(error)")
                throw error
            }
            work.leave(open.count - waiting.count, keep: keep)
            waiting = waiting.dropFirst()
        }
        try journal.close(all)
        return .delivered
    }

    /// These were not taken in this attempt; what an earlier one left in doubt stays so.
    private func giveBack(_ copies: ArraySlice<OpenCopy>, _ unsure: Set<DeliveryRecipient>) throws {
        let entries = copies.flatMap(\.entries)
        try journal.giveBack(entries.filter { !unsure.contains($0) }, isSure: true)
        try journal.giveBack(entries.filter { unsure.contains($0) }, isSure: false)
    }

    /// How many copies get a connection of their own; to be given back.
    func takeConnections(for copies: Int) -> Int {
        spare.withLock { spare in
            let taken = min(copies, Self.maxConnections, spare)
            spare -= taken
            return taken
        }
    }

    /// The answer for the original: permanent only where nobody has a copy yet.
    private func blocked(_ error: any Error, isPartial: Bool) -> RedeliveryResult {
        log(
            "copies: \(error)\(isPartial ? "; some recipients have theirs, the rest follows with the next attempt" : "")"
        )
        guard let error = error as? MailProxyError, error.isPermanent, !isPartial, let reply = error.reply else {
            return .refused(Self.later("the copies of the message could not be handed over, try again later"))
        }
        return .refused(
            SMTPReply(code: reply.code, enhanced: reply.enhanced ?? "5.0.0", text: reply.lines.first ?? "refused"))
    }

    private func entries(_ copy: Released, _ message: MessageIdentity) -> [DeliveryRecipient] {
        copy.recipients.map { DeliveryRecipient(sender: copy.sender, recipient: $0.text, message: message) }
    }

    private static func names(_ copy: OpenCopy) -> String {
        copy.recipients.map { "<\($0.text)>" }.joined(separator: ", ")
    }

    private static func later(_ text: String) -> SMTPReply { SMTPReply(code: 451, enhanced: "4.3.0", text: text) }
}

extension Reinjector {
    /// How a copy can be taken of which the journal does not know.
    public enum Doubt: String, Sendable, CaseIterable {
        case answerLost = "answer-lost"
        case notRecorded = "not-recorded"
        /// One of these, or of an attempt that died, and now it is sent once more.
        case sentAgain = "sent-again"
    }
}

/// A copy, and those of its recipients who do not have it yet.
struct OpenCopy {
    let copy: Released
    let recipients: [ReleasedRecipient]
    let entries: [DeliveryRecipient]

    init(_ copy: Released, _ recipients: [ReleasedRecipient], _ entries: [DeliveryRecipient]) {
        self.copy = copy
        self.recipients = recipients
        self.entries = entries
    }
}
