import Foundation
import Guard
import HTTPTypes
import KeyStore
import Libcrypto
import Logging
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

/// A control API with a store of its own, called without sockets.
final class ControlFixture: Sendable {
    let directory: TemporaryDirectory
    let store: KeyStore
    let `guard`: Guard
    let service: ControlService
    let steps = StepCounter()
    private let clock: Lock<Int64>
    private let numbers = Lock(0)

    /// - Parameters:
    ///   - store: where the store lies; nil for a file of its own.
    ///   - log: nil writes what is critical.
    init(
        options: ControlOptions = ControlOptions(), settings: GuardSettings = GuardSettings(),
        ports: GuardPorts = GuardPorts(), now: Timestamp = Timestamp(1_764_000_000), store location: String? = nil,
        log: Logger? = nil
    )
        throws
    {
        directory = try TemporaryDirectory()
        store = try KeyStore(url: location ?? directory.file("keys.sqlite"), master: try MasterKey.random())
        let clock = Lock(now.seconds)
        self.clock = clock
        var settings = settings
        settings.localDomains = ["example.org"]
        settings.passwords.argon2 = Argon2Cost(passes: 1, lanes: 1, memoryKiB: 64)
        `guard` = Guard(
            store: store, settings: settings, ports: ports, now: { Timestamp(clock.withLock { $0 }) }, steps: steps)
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        service = ControlService(guard: `guard`, options: options, log: log ?? quiet)
    }

    /// Moves the clock.
    func pass(seconds: Int64) { clock.withLock { $0 += seconds } }

    /// Another number each time.
    func serial() -> Int {
        numbers.withLock { number in
            number += 1
            return number
        }
    }

    /// Opens a session.
    func session(_ address: String) throws -> String {
        let opened = try `guard`.openSession(for: try #require(EmailAddress(address)), .trusted(name: "test"))
        return opened.identifier.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }

    func request(
        _ method: HTTPRequest.Method, _ target: String, type: String? = nil, body: [UInt8] = [],
        fields: HTTPFields = [:], peer: Peer = .unknown, host: String = "localhost"
    ) async -> TestReply {
        var head = HTTPRequest(method: method, scheme: "http", authority: host, path: target, headerFields: fields)
        head.headerFields[.contentType] = type
        head.headerFields[.contentLength] = body.isEmpty ? nil : String(body.count)
        let reply = await service.reply(to: head, peer: peer) { maximum, arrived in
            guard body.count <= maximum else { throw GuardError(.bodyTooLarge, "too large") }
            try arrived(body.count)
            return body
        }
        return TestReply(reply: reply)
    }

    func get(_ target: String, fields: HTTPFields = [:], peer: Peer = .unknown) async -> TestReply {
        await request(.get, target, fields: fields, peer: peer)
    }

    func post(_ target: String, json: String, fields: HTTPFields = [:], peer: Peer = .unknown) async -> TestReply {
        await request(.post, target, type: "application/json", body: Array(json.utf8), fields: fields, peer: peer)
    }

    func post(
        _ target: String, form: [String: String] = [:], fields: HTTPFields = [:], peer: Peer = .unknown,
        host: String = "localhost"
    ) async -> TestReply {
        let text = form.map { "\($0.key)=\($0.value.formEncoded)" }.joined(separator: "&")
        return await request(
            .post, target, type: "application/x-www-form-urlencoded", body: Array(text.utf8), fields: fields,
            peer: peer, host: host)
    }

    /// - Parameter parts: names and contents of a multipart form.
    func post(_ target: String, parts: [(String, [UInt8])], fields: HTTPFields = [:], peer: Peer = .unknown) async
        -> TestReply
    {
        let (type, body) = Self.multipart(parts)
        return await request(.post, target, type: type, body: body, fields: fields, peer: peer)
    }

    /// A multipart form: its content type and its octets.
    static func multipart(_ parts: [(String, [UInt8])]) -> (type: String, body: [UInt8]) {
        var body: [UInt8] = []
        for (name, content) in parts {
            body += Array("--boundary\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
            body += content + [13, 10]
        }
        return ("multipart/form-data; boundary=boundary", body + Array("--boundary--\r\n".utf8))
    }
}

/// An answer, for looking at.
struct TestReply {
    let reply: Reply
    var status: Int { reply.status.code }
    var text: String { String(decoding: reply.body, as: UTF8.self) }
    /// The JSON of the body; nil where it is none.
    var json: JSONValue? { try? JSONReader.read(reply.body) }
    /// The code of an error; nil in success.
    var code: String? { json?["code"]?.text }
}

extension String {
    var formEncoded: String {
        utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
