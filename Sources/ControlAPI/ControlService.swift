public import Guard
public import HTTPTypes
import Libcrypto
public import Logging

/// Reads a body of at most so many octets, and tells the length of every piece before it keeps it.
public typealias BodyReader = (_ maximum: Int, _ arrived: (Int) throws -> Void) async throws -> [UInt8]

/// The control API without sockets: takes requests, gives answers.
public final class ControlService: Sendable {
    /// What is decided at the start holds for sockets; the rest of it can be replaced.
    let options: ControlOptions
    public let metrics: Metrics
    private let `guard`: Guard
    private let router = Router(Operations.all)
    private let lanes = Lanes()
    private let replaced: Lock<ControlOptions>
    private let log: Logger
    /// Names the occurrence of an error: this process, and a number.
    private let serverID: String
    private let errors = Lock(0)
    private let bodyOctets = Lock(0)

    public init(
        guard: Guard, options: ControlOptions, metrics: Metrics = Metrics(), log: Logger
    ) {
        self.guard = `guard`
        self.options = options
        self.metrics = metrics
        replaced = Lock(options)
        self.log = log
        let random = (try? SecureRandom.bytes(4)) ?? [0, 0, 0, 0]
        serverID = random.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }

    /// Users, credentials and sizes of later requests; times and connections stay as they were at the start.
    public func replace(options: ControlOptions) { replaced.withLock { $0 = options } }

    /// Answers a request. Never throws: whatever goes wrong is an answer too.
    ///
    /// - Parameters:
    ///   - body: reads the body up to a length, beyond which it throws `GuardError` with code `bodyTooLarge`; tells of every
    ///     piece how long it is before it keeps it.
    public func reply(to head: HTTPRequest, peer: Peer, body: BodyReader) async -> Reply {
        let target = head.path ?? "/"
        let cut = target.firstIndex(of: "?") ?? target.endIndex
        let (path, query) = (target[..<cut], target[cut...].dropFirst())
        if let reply = service(head.method, path) { return reply }
        let start = ContinuousClock.now
        let reply: Reply
        var name = "none"
        do {
            let match = try router.match(head.method, path: path, query: query)
            name = match.operation.id
            reply = await self.reply(to: head, match, query: query, peer: peer, body: body)
        } catch {
            reply = failure(error, "request", language: language(head, nil, nil))
        }
        let time = (ContinuousClock.now - start).components
        metrics.add(.requests, [("operation", name), ("status", String(reply.status.code))])
        metrics.add(
            .requestMilliseconds, [("operation", name)],
            by: Int(time.seconds) * 1000 + Int(time.attoseconds / 1_000_000_000_000_000))
        return reply
    }

    /// What belongs to the service and not to the API.
    private func service(_ method: HTTPRequest.Method, _ path: Substring) -> Reply? {
        guard method == .get else { return nil }
        switch path {
        case "/health": return Reply(.ok, type: "application/json", body: Array("{\"status\":\"ok\"}".utf8))
        case "/metrics":
            return Reply(.ok, type: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.text.utf8))
        case "/openapi.yaml": return Reply(.ok, type: "application/yaml", body: OpenAPI.document)
        default: return nil
        }
    }

    private func reply(
        to head: HTTPRequest, _ match: Router.Match, query: Substring, peer: Peer, body: BodyReader
    ) async -> Reply {
        let operation = match.operation
        let options = replaced.withLock { $0 }
        do {
            guard let actor = actor(operation.access, head, peer, options) else {
                return try unauthorized(operation, head)
            }
            let maximum = operation.access == .mail ? options.maximumMail : options.maximumBody
            let octets = try await read(body, head, maximum, within: options.bodyBudget)
            defer { release(octets.count) }
            return try await lanes.run(operation.lane) { [self] in
                answer(head, match, String(query), octets, peer, actor, options)
            }
        } catch {
            return failure(error, operation.id, language: language(head, nil, nil))
        }
    }

    /// On a thread of a lane: reads, asks, writes.
    private func answer(
        _ head: HTTPRequest, _ match: Router.Match, _ query: String, _ octets: [UInt8], _ peer: Peer, _ actor: String,
        _ options: ControlOptions
    ) -> Reply {
        var parameters: Parameters?
        var caller: Caller?
        do {
            var reader = ParameterReader()
            try reader.query(query[...])
            if let element = match.element { try reader.pathElement(element.name, element.value) }
            var octets = octets
            defer { octets.wipe() }
            try reader.body(octets, contentType: head.headerFields[.contentType])
            let read = reader.parameters
            parameters = read
            if match.operation.access == .session {
                let identifier = SecretBytes(copying: Array(try read.required("session").utf8))
                caller = try self.guard.caller(session: identifier, peer: peer.name)
            }
            var type = CryptoType.pgp
            if let name = try read.text("type"), !name.isEmpty {
                guard let named = CryptoType(name: name) else {
                    throw GuardError(.badParameter, "type is neither PGP nor SMIME", parameters: ["type"])
                }
                type = named
            }
            let call = Call(
                guard: self.guard, parameters: read, type: type, language: language(head, read, caller).rawValue,
                peer: peer, isTrusted: isTrusted(head, peer, options), host: Self.host(head),
                wantsJSON: head.headerFields[.accept]?.contains("application/json") ?? false, session: caller,
                operation: match.operation.id, actor: caller.map { "user:\($0.account.address.canonical)" } ?? actor)
            return try ReplyWriter.reply(try match.operation.answer(call))
        } catch {
            return failure(error, match.operation.id, language: language(head, parameters, caller))
        }
    }
}

// MARK: Who calls

extension ControlService {
    /// Who calls as far as head and peer tell; nil where the operation asks for more.
    private func actor(
        _ access: Operation.Access, _ head: HTTPRequest, _ peer: Peer, _ options: ControlOptions
    ) -> String? {
        let users: Set<UInt32>
        let credentials: BasicCredentials
        switch access {
        case .session: return "session"
        case .open:
            let client = head.headerFields[.authorization].flatMap(options.clientCredentials.name(authorization:))
            return client.map { "basic:\($0)" } ?? peer.name
        case .support: (users, credentials) = (options.supportUsers, options.supportCredentials)
        case .mail: (users, credentials) = (options.mailUsers, options.mailCredentials)
        }
        if let field = head.headerFields[.authorization] {
            return credentials.name(authorization: field).map { "basic:\($0)" }
        }
        guard let user = peer.user, users.contains(user) else { return nil }
        return "uid:\(user)"
    }

    /// Whether the peer, or the credentials it shows, may act for any mailbox.
    private func isTrusted(_ head: HTTPRequest, _ peer: Peer, _ options: ControlOptions) -> Bool {
        if let field = head.headerFields[.authorization] {
            return options.clientCredentials.name(authorization: field) != nil
        }
        return peer.user.map(options.trustedUsers.contains) ?? false
    }

    private func unauthorized(_ operation: Operation, _ head: HTTPRequest) throws -> Reply {
        let error = GuardError(.notAllowed, "\(operation.id) asks for Basic credentials")
        var reply = failure(error, operation.id, language: language(head, nil, nil))
        reply.status = .unauthorized
        reply.fields[.wwwAuthenticate] = "Basic realm=\"guardd\", charset=\"UTF-8\""
        return reply
    }

    /// A name of DNS or an address of IPv4, in lower case; nil for anything else.
    private static func host(_ head: HTTPRequest) -> String? {
        let host = (head.authority ?? "").prefix { $0 != ":" }.lowercased()
        let isPlain = host.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
        }
        return isPlain && (1...253).contains(host.utf8.count) ? host : nil
    }

    /// What the request asks for, else what the client reads, else the language of the account.
    private func language(_ head: HTTPRequest, _ parameters: Parameters?, _ caller: Caller?) -> Language {
        for name in ["lang", "language"] {
            if let tag = try? parameters?.text(name), let language = Language(tag: tag) { return language }
        }
        return head.headerFields[.acceptLanguage].flatMap(Language.init(accepting:))
            ?? caller.flatMap { Language(tag: $0.account.language) } ?? .english
    }
}

// MARK: Bounds and failures

extension ControlService {
    /// Reads a body within the budget of all bodies, which then holds the length of the result. Only what has come counts:
    /// who announces much and sends little takes nothing from others.
    private func read(
        _ body: BodyReader, _ head: HTTPRequest, _ maximum: Int, within budget: Int
    ) async throws -> [UInt8] {
        let announced = head.headerFields[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= maximum else {
            throw GuardError(.bodyTooLarge, "the body is longer than \(maximum) octets")
        }
        var held = 0
        do {
            let octets = try await body(maximum) { count in
                try reserve(count, of: budget)
                held += count
            }
            guard announced.map({ $0 == octets.count }) ?? true else {
                throw GuardError(.badParameter, "the body ends early")
            }
            return octets
        } catch {
            release(held)
            throw error
        }
    }

    private func reserve(_ count: Int, of budget: Int) throws(GuardError) {
        let fits = bodyOctets.withLock { sum in
            guard sum + count <= budget else { return false }
            sum += count
            return true
        }
        guard fits else { throw GuardError(.busy, "too many large requests are in work", retryAfter: 5) }
    }

    private func release(_ count: Int) { bodyOctets.withLock { $0 -= count } }

    private func failure(_ error: any Error, _ operation: String, language: Language) -> Reply {
        let number = errors.withLock { number in
            number += 1
            return number
        }
        let id = "\(serverID)-\(number)"
        let refusal: GuardError
        if let error = error as? GuardError {
            refusal = error
            let level: Logger.Level = error.code == .internalFailure || error.code == .unavailable ? .error : .info
            log.log(level: level, "control: \(operation): \(error) [\(id)]")
        } else {
            refusal = GuardError(.internalFailure, "an internal error, see the log")
            log.error("control: \(operation): \(error) [\(id)]")
        }
        metrics.add(.errors, [("code", refusal.code.rawValue)])
        return (try? ReplyWriter.reply(refusal, id: id, language: language)) ?? Reply(.internalServerError)
    }
}
