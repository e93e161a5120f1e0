import MailFlow

/// The connections of one attempt.
final class ReinjectionWork {
    /// Transactions that are given up on one connection: Postfix takes 100 for a sign of abuse.
    private static let judgedOnOne = 50

    private let copies: [OpenCopy]
    private let settings: ClientSettings
    private let deadline: Deadline
    private let pool: KeptConnections
    /// How many copies have a connection of their own.
    private let connections: Int
    /// Connections of earlier messages, and those that are being made.
    private var kept: [SMTPConnection] = []
    private var openings: [SMTPOpening] = []
    private var held: [SMTPConnection] = []
    /// For copies past the number of connections: they are judged here, given up, and sent one after the other.
    private var shared: SMTPConnection?

    init(
        _ copies: [OpenCopy], connections: Int, settings: ClientSettings, deadline: Deadline, pool: KeptConnections
    ) {
        self.copies = copies
        self.connections = connections
        self.settings = settings
        self.deadline = deadline
        self.pool = pool
    }

    /// MAIL and RCPT of all copies.
    /// - Throws: `MailProxyError` for the first refusal.
    func begin() throws {
        let wanted = min(copies.count, connections + 1)
        kept = pool.take(wanted, settings, deadline: deadline)
        openings = (kept.count..<wanted).map { _ in SMTPOpening(settings, deadline: deadline) }
        for (index, copy) in copies.enumerated() {
            if index < connections {
                held.append(try place(copy))
            } else {
                if (index - connections).isMultiple(of: Self.judgedOnOne) {
                    shared?.leave()
                    shared = nil
                }
                if let shared { try begin(copy, copy.envelope(), shared) } else { shared = try place(copy) }
            }
        }
    }

    /// MAIL and RCPT on a connection that waited, or where there is none, or it turns out to be gone, on a new one: nothing of the
    /// copy was sent yet.
    private func place(_ copy: OpenCopy) throws -> SMTPConnection {
        let envelope = try copy.envelope()
        if let connection = kept.popLast() {
            do {
                try begin(copy, envelope, connection)
                return connection
            } catch  where connection.isUntried {
                // Who waited in vain for one does not wait for each of the others.
                if (error as? MailProxyError)?.code == .timedOut { kept = [] }
            }
        }
        let connection = try (openings.popLast() ?? SMTPOpening(settings, deadline: deadline)).wait()
        try begin(copy, envelope, connection)
        return connection
    }

    /// The content of a copy.
    func send(_ index: Int) throws {
        let copy = copies[index]
        let connection: SMTPConnection
        if index < held.count {
            connection = held[index]
        } else if let shared {
            connection = shared
            try begin(copy, copy.envelope(), connection)
        } else {
            throw MailProxyError(.misuse, at: .data, "there is no connection")
        }
        for answer in try connection.send(copy.copy) where !answer.isPositive {
            throw MailProxyError.refused(answer, at: .end)
        }
    }

    /// Nothing more is to be sent: the connection waits for another message.
    func leave(_ index: Int, keep seconds: Double) {
        if index < held.count {
            pool.keep(held[index], seconds: seconds)
        } else if index == copies.count - 1, let shared {
            pool.keep(shared, seconds: seconds)
        }
    }

    private func begin(_ copy: OpenCopy, _ envelope: SMTPEnvelope, _ connection: SMTPConnection) throws {
        for answer in try connection.begin(envelope, trace: copy.copy.trace) where !answer.isPositive {
            throw MailProxyError.refused(answer, at: .recipient)
        }
    }
}

extension SMTPConnection {
    /// DATA, and the answers to it; see ``send(_:)``.
    func send(_ released: Released) throws -> [ServerReply] {
        try send { write in
            try write(released.header + [0x0D, 0x0A])
            try released.body.forEachChunk { chunk in
                try unsafe chunk.withUnsafeBufferPointer { try write(unsafe Array($0)) }
            }
        }
    }
}

extension OpenCopy {
    /// The value of an ESMTP parameter, as it came.
    static func value(_ name: String, _ parameters: [[UInt8]]) -> String? {
        for parameter in parameters {
            let text = String(decoding: parameter, as: UTF8.self)
            if text.uppercased().hasPrefix(name + "=") { return String(text.dropFirst(name.count + 1)) }
        }
        return nil
    }

    func envelope() throws -> SMTPEnvelope {
        func path(_ octets: [UInt8], _ step: SMTPStep) throws -> SMTPPath {
            guard let path = SMTPPath(octets) else {
                throw MailProxyError(.unwritable, at: step, "an address of the envelope cannot be written")
            }
            return path
        }
        var envelope = SMTPEnvelope(
            sender: try path(copy.sender, .mail),
            recipients: try recipients.map { recipient in
                SMTPEnvelope.Recipient(
                    try path(recipient.path, .recipient), notify: Self.value("NOTIFY", recipient.parameters),
                    originalRecipient: Self.value("ORCPT", recipient.parameters))
            }, size: copy.size)
        envelope.dsnReturn = Self.value("RET", copy.senderParameters)
        envelope.envelopeID = Self.value("ENVID", copy.senderParameters)
        envelope.hasUTF8Header = copy.senderParameters.contains {
            String(decoding: $0, as: UTF8.self).uppercased() == "SMTPUTF8"
        }
        envelope.hasEightBit = try copy.hasEightBit()
        return envelope
    }
}

extension Released {
    /// Whether there are octets above 127.
    fileprivate func hasEightBit() throws -> Bool {
        if header.contains(where: { $0 >= 0x80 }) { return true }
        var found = false
        try body.forEachChunk { chunk in
            guard !found else { return }
            found = chunk.indices.contains { chunk[$0] >= 0x80 }
        }
        return found
    }
}
