import Foundation
import Guard
import HTTPTypes
import TestSupport
import Testing

@testable import ControlAPI

/// Every operation of the served description, from the outside: methods, parameters and the form of every answer.
@Suite struct ContractTests {
    let document: OpenAPIDocument
    let fixture: ControlFixture
    private let basic: HTTPFields
    private let session: String

    init() throws { try self.init { _, _ in } }

    /// - Parameter url: of the store; nil makes one in a file.
    private init(url: String? = nil, _ change: (inout ControlOptions, inout GuardSettings) -> Void) throws {
        document = try OpenAPIDocument()
        let (secret, line) = try BasicCredentials.generate(name: "test")
        var options = ControlOptions()
        options.supportCredentials = BasicCredentials.parse(line).credentials
        options.mailCredentials = options.supportCredentials
        options.clientCredentials = options.supportCredentials
        var settings = GuardSettings()
        change(&options, &settings)
        fixture = try ControlFixture(options: options, settings: settings, store: url)
        session = try fixture.session("alice@example.org")
        basic = [.authorization: "Basic " + Data("test:\(secret)".utf8).base64EncodedString()]
    }

    /// A request with a value for every parameter that the description calls required, and for those in `with`.
    private func send(
        _ operation: OpenAPIDocument.Operation, method: HTTPRequest.Method? = nil, without: String? = nil,
        with more: [String: String] = [:], authorized: Bool = true
    ) async -> TestReply {
        var target = operation.target
        var query: [String] = []
        for parameter in operation.parameters {
            guard parameter.name != without else { continue }
            let given = more[parameter.name]
            guard parameter.isRequired || given != nil else { continue }
            let value = given ?? sample(parameter.name, parameter.schema)
            if parameter.place == "path" {
                target = target.replacingOccurrences(of: "{\(parameter.name)}", with: value)
            } else {
                query.append("\(parameter.name)=\(value.formEncoded)")
            }
        }
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
        let fields =
            authorized && (!operation.security.isEmpty || operation.id == "openControlSession") ? basic : [:]
        guard let (type, schema) = operation.body.first else {
            return await fixture.request(method ?? operation.method, target, fields: fields)
        }
        let required = schema["required"] as? [String] ?? []
        var members: [(String, String)] = []
        for (name, property) in schema["properties"] as? [String: Any] ?? [:] where name != without {
            guard required.contains(name) || more[name] != nil else { continue }
            members.append((name, more[name] ?? sample(name, document.resolve(property))))
        }
        let verb = method ?? operation.method
        switch type {
        case "application/json":
            let object = Dictionary(uniqueKeysWithValues: members)
            let data = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
            return await fixture.request(verb, target, type: type, body: Array(data), fields: fields)
        case "multipart/form-data":
            let (type, body) = ControlFixture.multipart(members.map { ($0.0, Array($0.1.utf8)) })
            return await fixture.request(verb, target, type: type, body: body, fields: fields)
        default:
            let text = members.map { "\($0.0)=\($0.1.formEncoded)" }.joined(separator: "&")
            return await fixture.request(verb, target, type: type, body: Array(text.utf8), fields: fields)
        }
    }

    private func sample(_ name: String, _ schema: [String: Any]) -> String {
        if let choice = (schema["enum"] as? [String])?.first { return choice }
        switch (name, schema["type"] as? String) {
        case ("session", _): return session
        case ("hash", _): return String(repeating: "y", count: 32)
        case ("json", _): return "{}"
        case ("sent_date", _): return "Mon, 24 Nov 2025 16:00:00 +0000"
        case (_, "integer"): return "1"
        case (_, "boolean"): return "true"
        case ("email", _), ("username", _), ("search", _): return "nobody@example.org"
        default: return "x"
        }
    }

    private func check(
        _ reply: TestReply, _ operation: OpenAPIDocument.Operation, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let problems = document.problems(reply.reply, to: operation)
        #expect(
            problems.isEmpty, "\(operation) \(what): \(problems) in \(reply.text.prefix(300))",
            sourceLocation: sourceLocation)
    }

    @Test func methodsAreTheDescribedOnes() async throws {
        for operation in document.operations {
            for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch, .head] {
                let reply = await send(operation, method: method)
                let isDescribed = method == operation.method || operation.also.contains(method)
                #expect((reply.status != 405) == isDescribed, "\(operation) \(method)")
                if method != .head { check(reply, operation, "\(method)") }
            }
        }
    }

    @Test func requiredParametersAreAskedFor() async throws {
        for operation in document.operations {
            let members = operation.body.values.first?["required"] as? [String] ?? []
            let names = operation.parameters.filter { $0.isRequired && $0.place == "query" }.map(\.name) + members
            for name in names {
                let reply = await send(operation, without: name)
                #expect(
                    reply.code == "GRD-REQ-0001" && reply.status == 400, "\(operation) without \(name): \(reply.text)")
                check(reply, operation, "without \(name)")
            }
        }
    }

    @Test func typesOfParametersAreChecked() async throws {
        for operation in document.operations {
            let members = operation.body.values.first?["properties"] as? [String: Any] ?? [:]
            let typed =
                operation.parameters.map { ($0.name, $0.schema["type"] as? String) }
                + members.map { ($0.key, document.resolve($0.value)["type"] as? String) }
            for (name, type) in typed where type == "integer" || type == "boolean" {
                let reply = await send(operation, with: [name: "no such value"])
                #expect(reply.code == "GRD-REQ-0004" && reply.status == 400, "\(operation) with \(name): \(reply.text)")
            }
        }
    }

    @Test func sessionsAndCredentialsAreAskedFor() async throws {
        for operation in document.operations {
            if operation.needsSession {
                let reply = await send(operation, with: ["session": "no such session"])
                #expect(reply.code == "GRD-AUTH-0001" && reply.status == 200, "\(operation): \(reply.text)")
                check(reply, operation, "without session")
            }
            if !operation.security.isEmpty {
                let reply = await send(operation, authorized: false)
                #expect(reply.code == "GRD-AUTH-0006" && reply.status == 401, "\(operation): \(reply.text)")
                check(reply, operation, "without credentials")
            }
        }
    }

    @Test func passwordsInTheQueryAreRefused() async throws {
        for operation in document.operations where operation.target.contains("?") {
            let target = operation.target + "&session=\(session)&password=hunter2"
            let reply = await fixture.request(operation.method, target, fields: basic)
            #expect(reply.code == "GRD-REQ-0003" && reply.status == 400, "\(operation): \(reply.text)")
            #expect(!reply.text.contains("hunter2"))
        }
    }

    // MARK: What all operations share

    @Test func longBodiesAreRefused() async throws {
        let tests = try ContractTests { options, _ in
            options.maximumBody = 4
            options.maximumMail = 4
        }
        for operation in document.operations where !operation.body.isEmpty {
            let reply = await tests.send(operation, with: Self.whole)
            #expect(reply.code == "GRD-REQ-0005" && reply.status == 413, "\(operation): \(reply.text)")
            check(reply, operation, "with a long body")
        }
    }

    /// Operations without a body are refused for want of a thread alone, as those with one.
    @Test func moreThanCanBeInWorkIsRefused() async throws {
        let tests = try ContractTests { options, _ in options.bodyBudget = 0 }
        for operation in document.operations where !operation.body.isEmpty {
            let reply = await tests.send(operation, with: Self.whole)
            #expect(reply.code == "GRD-SRV-0001" && reply.status == 429, "\(operation): \(reply.text)")
            #expect(reply.reply.fields[.retryAfter] != nil, "\(operation)")
            check(reply, operation, "with too much in work")
        }
    }

    @Test func aStoreThatIsAwayIsSaidSo() async throws {
        let server = try PostgresServer()
        let tests = try ContractTests(url: server.makeSchema("away")) { _, settings in settings.guests.areAllowed = true
        }
        server.stop()
        for operation in document.operations {
            let reply = await tests.send(operation, with: Self.whole)
            #expect(reply.code == "GRD-SRV-0002" && reply.status == 503, "\(operation): \(reply.text)")
            check(reply, operation, "without a store")
        }
    }

    @Test func aStoreThatFailsIsABug() async throws {
        let tests = try ContractTests { _, settings in settings.guests.areAllowed = true }
        try tests.fixture.store.close()
        for operation in document.operations {
            let reply = await tests.send(operation, with: Self.whole)
            #expect(reply.code == "GRD-SRV-0003" && reply.status == 500, "\(operation): \(reply.text)")
            check(reply, operation, "with a store that fails")
        }
    }

    /// What is nowhere, without an envelope.
    @Test func whatIsNotThereIsNotFound() async throws {
        var found: Set<String> = []
        for operation in document.operations where operation.responses["404"] != nil {
            let reply = await send(operation)
            #expect(reply.status == 404 && reply.code == nil, "\(operation): \(reply.text)")
            check(reply, operation, "for nothing")
            found.insert(operation.id)
        }
        #expect(found == ["downloadExposedKeys", "hkpLookup", "wkdLookup"])
    }

    /// So much that an operation gets to the store.
    private static let whole = [
        "email": "nobody@example.org", "password": "correct horse battery", "newpass": "correct horse battery",
        "auth": "x.y", "op": "get",
    ]
}
