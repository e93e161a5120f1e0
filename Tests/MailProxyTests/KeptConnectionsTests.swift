import Foundation
import Libcrypto
import MailFlow
import TestSupport
import Testing

@testable import MailProxy

/// Connections that are used for more than one message.
@Suite struct KeptConnectionsTests {
    /// What a server did, one line for each connection and command: "2 MAIL FROM:<...>".
    private final class Book: @unchecked Sendable {
        private let lock = NSCondition()
        private var lines: [String] = []
        private(set) var connections = 0
        func connect() -> Int {
            lock.withLock {
                connections += 1
                lock.broadcast()
                return connections
            }
        }
        func waitForConnections(_ count: Int) {
            let end = Date().addingTimeInterval(30)
            lock.withLock { while connections < count, lock.wait(until: end) {} }
        }
        func add(_ line: String) { lock.withLock { lines.append(line) } }
        var all: [String] { lock.withLock { lines } }
        func count(_ word: String) -> Int { all.count { $0.contains(" \(word)") } }
        var opened: Int { lock.withLock { connections } }
    }

    /// What a server does in place of the answer to a step of the n-th transaction of a connection.
    enum Fault: String, CaseIterable, Sendable { case close, shuttingDown, hang, nonsense, later, never, twice }

    private struct Over: Error {}

    /// A server that takes everything, but does `fault` at a command of a connection's second transaction.
    private func server(
        _ book: Book, fault: Fault? = nil, at command: String = "", ehlo: String = "250-PIPELINING\r\n",
        greeting: @escaping @Sendable () -> Void = {}
    ) throws -> ScriptedServer {
        try ScriptedServer { connection in
            let number = book.connect()
            greeting()
            var transactions = 0
            func answer(_ line: String, _ reply: String) throws {
                guard let fault, transactions == 2, line.hasPrefix(command) else {
                    return try connection.write(reply + "\r\n")
                }
                switch fault {
                case .close: throw Over()
                case .shuttingDown:
                    try connection.write("421 4.3.2 shutting down\r\n")
                    throw Over()
                case .hang:
                    while try connection.command() != nil {}
                    throw Over()
                case .nonsense: try connection.write("\u{1}what?\r\n")
                case .later: try connection.write("451 4.3.0 not now\r\n")
                case .never: try connection.write("550 5.7.1 never\r\n")
                case .twice: try connection.write("\(reply)\r\n\(reply)\r\n")
                }
            }
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                book.add("\(number) \(line)")
                if line.hasPrefix("MAIL") { transactions += 1 }
                switch line.prefix(4) {
                case "EHLO": try connection.write("250-x\r\n\(ehlo)250 XFORWARD NAME ADDR IDENT SOURCE\r\n")
                case "DATA":
                    try connection.write("354 go\r\n")
                    guard let data = try connection.rawData() else { return }
                    book.add("\(number) content \(String(decoding: data, as: UTF8.self))")
                    try answer("end", "250 2.0.0 taken")
                case "QUIT": return try connection.write("221 bye\r\n")
                default: try answer(line, "250 ok")
                }
            }
        }
    }

    private typealias Journal = ReinjectorTests.MemoryJournal
    private let base = ReinjectorTests()

    private func reinjector(
        _ server: ScriptedServer, _ pool: KeptConnections, keep: Double = 600, journal: Journal = Journal(),
        patience: Double = 20
    ) -> Reinjector {
        var settings = SMTPConnectionTests.settings(server)
        settings.timeouts.kept = patience
        return Reinjector(
            settings, budget: 20, pool: pool, keep: keep, journal: journal, log: { _ in }, count: { _, _ in })
    }

    /// A single copy.
    private func one() throws -> [Released] { Array(try base.copies(base.two).suffix(1)) }

    @Test func theNextMessageTakesThem() throws {
        let (book, pool) = (Book(), KeptConnections())
        let server = try server(book)
        for turn in 1...3 {
            let copies = try base.copies(base.two, queueID: "Q\(turn)")
            #expect(reinjector(server, pool).deliver(copies, of: base.identity) == .delivered)
            #expect(pool.count == 2)
        }
        #expect(book.opened == 2 && book.count("EHLO") == 2 && book.count("RSET") == 0 && book.count("QUIT") == 0)
        #expect(book.count("DATA") == 6 && book.count("RCPT") == 9)
        // Each transaction has the trace of its own message.
        let traces = book.all.filter { $0.contains(" XFORWARD") }
        #expect(traces.count == 6)
        for turn in 1...3 { #expect(traces.count { $0.contains("IDENT=Q\(turn)") } == 2) }
    }

    @Test func withoutTimeToWaitThereAreNone() throws {
        let (book, pool) = (Book(), KeptConnections())
        let server = try server(book)
        for _ in 0..<2 {
            let copies = try base.copies(base.two)
            #expect(reinjector(server, pool, keep: 0).deliver(copies, of: base.identity) == .delivered)
        }
        #expect(pool.count == 0 && book.opened == 4)
        #expect(Wait.until { book.count("QUIT") == 4 })
    }

    /// They are made at once, and judged one after the other.
    @Test func newOnesAreMadeTogether() throws {
        let book = Book()
        let server = try server(book, greeting: { book.waitForConnections(3) })
        let groups = [["key@x.example"], ["key2@x.example"], ["plain@x.example"]]
        let copies = try base.copies(groups)
        #expect(reinjector(server, KeptConnections()).deliver(copies, of: base.identity) == .delivered)
        #expect(
            book.all.filter { $0.contains(" RCPT") }.map { String($0.dropFirst(2)) } == [
                "RCPT TO:<key@x.example>", "RCPT TO:<key2@x.example>", "RCPT TO:<plain@x.example>",
            ])
    }

    @Test func theyLeaveInTime() throws {
        let (book, pool) = (Book(), KeptConnections())
        let server = try server(book)
        // A longer time of another does not hold the shorter one up.
        #expect(
            reinjector(server, pool).deliver(try one(), of: base.identity) == .delivered)
        var settings = SMTPConnectionTests.settings(server)
        settings.helloName = "other.test"
        let other = Reinjector(
            settings, budget: 20, pool: pool, keep: 0.01, journal: Journal(), log: { _ in })
        #expect(other.deliver(try base.copies(base.two), of: base.identity) == .delivered)
        #expect(Wait.until { book.count("QUIT") == 2 } && pool.count == 1)
        // Once the timer has run there are others.
        #expect(other.deliver(try base.copies(base.two), of: base.identity) == .delivered)
        #expect(Wait.until { book.count("QUIT") == 4 } && pool.count == 1)
        pool.closeAll()
        #expect(Wait.until { book.count("QUIT") == 5 } && pool.count == 0)
    }

    @Test func afterTheStopNoneIsKept() throws {
        let (book, pool) = (Book(), KeptConnections())
        let server = try server(book)
        #expect(reinjector(server, pool).deliver(try base.copies(base.two), of: base.identity) == .delivered)
        pool.stop()
        #expect(Wait.until { book.count("QUIT") == 2 })
        #expect(reinjector(server, pool).deliver(try base.copies(base.two), of: base.identity) == .delivered)
        #expect(Wait.until { book.count("QUIT") == 4 } && pool.count == 0)
    }

    /// One that is gone, or says so to MAIL, or says nothing any more, is replaced: nothing of the message was sent.
    @Test(arguments: Fault.allCases, ["XFORWARD", "MAIL"])
    func whatIsGoneIsReplaced(_ fault: Fault, _ command: String) throws {
        for ehlo in ["250-PIPELINING\r\n", ""] where fault != .twice {
            let (book, pool, journal) = (Book(), KeptConnections(), Journal())
            // The transaction counts from MAIL, XFORWARD comes before.
            let server =
                try command == "MAIL"
                ? server(book, fault: fault, at: command, ehlo: ehlo) : xforwardFault(book, fault, ehlo: ehlo)
            let reinjector = reinjector(server, pool, journal: journal, patience: fault == .hang ? 0.2 : 20)
            for _ in 0..<2 {
                #expect(
                    reinjector.deliver(try base.copies(base.two), of: base.identity) == .delivered,
                    "\(fault) at \(command)")
            }
            #expect(book.count("content") == 4, "\(fault) at \(command)")
            #expect(book.opened == 4 && journal.isEmpty() && pool.count == 2, "\(fault) at \(command)")
        }
    }

    /// `fault` in place of the second XFORWARD of each connection.
    private func xforwardFault(_ book: Book, _ fault: Fault, ehlo: String) throws -> ScriptedServer {
        try ScriptedServer { connection in
            let number = book.connect()
            var traces = 0
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                book.add("\(number) \(line)")
                if line.hasPrefix("XFORWARD") { traces += 1 }
                switch line.prefix(4) {
                case "EHLO": try connection.write("250-x\r\n\(ehlo)250 XFORWARD NAME ADDR IDENT SOURCE\r\n")
                case "XFOR" where traces == 2:
                    switch fault {
                    case .close: return
                    case .shuttingDown: return try connection.write("421 4.3.2 shutting down\r\n")
                    case .hang: while try connection.command() != nil {}
                    case .nonsense: try connection.write("\u{1}what?\r\n")
                    case .later: try connection.write("451 4.3.0 not now\r\n")
                    case .never, .twice: try connection.write("501 5.5.4 bad value\r\n")
                    }
                case "DATA":
                    try connection.write("354 go\r\n")
                    guard let data = try connection.rawData() else { return }
                    book.add("\(number) content \(String(decoding: data, as: UTF8.self))")
                    try connection.write("250 taken\r\n")
                case "QUIT": return try connection.write("221 bye\r\n")
                default: try connection.write("250 ok\r\n")
                }
            }
        }
    }

    /// A server that goes away between two messages, with and without a word.
    @Test(arguments: ["", "421 4.4.2 timeout exceeded\r\n"])
    func whoLeavesInBetweenIsReplaced(_ words: String) throws {
        let (book, pool) = (Book(), KeptConnections())
        let leave = Lock(false)
        let server = try ScriptedServer { connection in
            let number = book.connect()
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                book.add("\(number) \(line)")
                switch line.prefix(4) {
                case "DATA":
                    try connection.write("354 go\r\n")
                    guard try connection.rawData() != nil else { return }
                    book.add("\(number) content")
                    try connection.write("250 taken\r\n")
                    guard number <= 2 else { continue }
                    _ = Wait.until { leave.withLock { $0 } }
                    return try connection.write(words)
                default: try connection.write("250 ok\r\n")
                }
            }
        }
        let reinjector = reinjector(server, pool)
        #expect(reinjector.deliver(try base.copies(base.two), of: base.identity) == .delivered)
        #expect(pool.count == 2)
        let copies = try base.copies(base.two)
        leave.withLock { $0 = true }
        #expect(reinjector.deliver(copies, of: base.identity) == .delivered)
        #expect(book.count("content") == 4 && book.opened == 4)
    }

    /// Once the sender was taken an error is what it is on a new connection, and the connection does not come back.
    @Test(arguments: Fault.allCases, ["RCPT", "end"])
    func afterMailNothingIsTriedAgain(_ fault: Fault, _ command: String) throws {
        let (book, pool, journal) = (Book(), KeptConnections(), Journal())
        let server = try server(book, fault: fault, at: command)
        var settings = SMTPConnectionTests.settings(server)
        settings.timeouts.command = fault == .hang ? 0.5 : 20
        settings.timeouts.end = fault == .hang ? 0.5 : 20
        let reinjector = Reinjector(
            settings, budget: 20, pool: pool, keep: 600, journal: journal, log: { _ in })
        #expect(reinjector.deliver(try one(), of: base.identity) == .delivered)
        #expect(pool.count == 1)
        let result = reinjector.deliver(try one(), of: base.identity)
        #expect(book.opened == 1, "\(fault) at \(command): tried again")
        switch (fault, command) {
        case (.twice, "end"): #expect(result == .delivered)
        case (.never, _): #expect(result.code == 550, "\(fault) at \(command): \(result)")
        default: #expect(result.code == 451, "\(fault) at \(command): \(result)")
        }
        // A reply too many is seen sooner or later.
        if fault != .twice { #expect(pool.count == 0, "\(fault) at \(command)") }
        let later = reinjector.deliver(try one(), of: base.identity)
        #expect(later == .delivered && journal.isEmpty(), "\(fault) at \(command): \(later)")
    }

    /// Of a message that stopped in the middle only those that took their copy come back.
    @Test func onlyWhatWentWellComesBack() throws {
        let (book, pool, journal) = (Book(), KeptConnections(), Journal())
        let server = try ScriptedServer { connection in
            let number = book.connect()
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                switch line.prefix(4) {
                case "DATA":
                    try connection.write("354 go\r\n")
                    guard try connection.rawData() != nil else { return }
                    try connection.write(number == 2 ? "450 4.2.0 full\r\n" : "250 taken\r\n")
                default: try connection.write("250 ok\r\n")
                }
            }
        }
        let groups = [["key@x.example"], ["key2@x.example"], ["plain@x.example"]]
        let result = reinjector(server, pool, journal: journal).deliver(try base.copies(groups), of: base.identity)
        #expect(result.code == 451 && pool.count < 3)
        let taken = journal.stages.withLock { $0.values.count { $0 == .accepted } }
        #expect(pool.count == taken)
    }

    @Test func theirNumberIsBounded() throws {
        let (book, pool) = (Book(), KeptConnections())
        let server = try server(book)
        let settings = SMTPConnectionTests.settings(server)
        let connections = try (0..<KeptConnections.maxWaiting + 2).map { _ in
            let connection = try SMTPConnection.open(settings)
            _ = try connection.begin(SMTPConnectionTests.envelope())
            try connection.reset()
            return connection
        }
        for connection in connections { pool.keep(connection, seconds: 600) }
        #expect(pool.count == KeptConnections.maxWaiting)
        #expect(Wait.until { book.count("QUIT") == 2 })
        #expect(pool.take(3, settings, deadline: .none).count == 3 && pool.count == KeptConnections.maxWaiting - 3)
        var other = settings
        other.tls = .may
        #expect(pool.take(3, other, deadline: .none).isEmpty)
        // One that has done nothing, or not all of it, is not kept.
        let fresh = try SMTPConnection.open(settings)
        pool.keep(fresh, seconds: 600)
        let open = try SMTPConnection.open(settings)
        _ = try open.begin(SMTPConnectionTests.envelope())
        pool.keep(open, seconds: 600)
        #expect(pool.count == KeptConnections.maxWaiting - 3)
    }

    @Test func soIsTheNumberOfMessages() throws {
        let book = Book()
        let server = try server(book)
        let settings = SMTPConnectionTests.settings(server)
        var connection = try SMTPConnection.open(settings)
        for _ in 1..<SMTPConnection.maxMessages {
            _ = try connection.begin(SMTPConnectionTests.envelope())
            _ = try connection.send { try $0(SMTPConnectionTests.mail) }
            connection = SMTPConnection(try #require(connection.release()), deadline: .none)
        }
        _ = try connection.begin(SMTPConnectionTests.envelope())
        _ = try connection.send { try $0(SMTPConnectionTests.mail) }
        #expect(connection.release() == nil && book.opened == 1)
    }

    @Test func whatAMessageDoesNotSayOfItsOriginIsTakenBack() throws {
        let book = Book()
        let server = try server(book)
        var connection = try SMTPConnection.open(SMTPConnectionTests.settings(server))
        let traces = [
            [("NAME", "client.test"), ("ADDR", "192.0.2.1"), ("IDENT", "Q1"), ("SOURCE", "REMOTE")],
            [("IDENT", "Q2"), ("SOURCE", "LOCAL")], [],
        ]
        for trace in traces {
            _ = try connection.begin(SMTPConnectionTests.envelope(), trace: trace.map { (name: $0.0, value: $0.1) })
            _ = try connection.send { try $0(SMTPConnectionTests.mail) }
            connection = SMTPConnection(try #require(connection.release()), deadline: .none)
        }
        #expect(
            book.all.filter { $0.contains("XFORWARD") } == [
                "1 XFORWARD NAME=client.test ADDR=192.0.2.1 IDENT=Q1 SOURCE=REMOTE",
                "1 XFORWARD IDENT=Q2 SOURCE=LOCAL ADDR=[UNAVAILABLE] NAME=[UNAVAILABLE]",
                "1 XFORWARD ADDR=[UNAVAILABLE] IDENT=[UNAVAILABLE] NAME=[UNAVAILABLE] SOURCE=[UNAVAILABLE]",
            ])
    }
}

extension RedeliveryResult {
    fileprivate var code: Int? { if case .refused(let reply) = self { reply.code } else { nil } }
}
