import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import ControlAPI

/// Calls operations as the description spells them.
struct DescribedClient {
    let document: OpenAPIDocument
    let operations: [String: OpenAPIDocument.Operation]
    let fixture: ControlFixture

    init(_ fixture: ControlFixture) throws {
        document = try OpenAPIDocument()
        operations = Dictionary(uniqueKeysWithValues: document.operations.map { ($0.id, $0) })
        self.fixture = fixture
    }

    /// - Parameters:
    ///   - query: parameters of path and query; the body is a form, JSON or the parts of a multipart form.
    ///   - peer: root by default, whom most fixtures trust.
    func reply(
        _ id: String, _ session: String? = nil, query: [String: String] = [:], form: [String: String]? = nil,
        json: String? = nil, parts: [(String, [UInt8])]? = nil, peer: Peer = .local(user: 0, group: 0, process: 1)
    ) async throws -> TestReply {
        guard let operation = operations[id] else { throw TestFailure("no operation \(id)") }
        var target = operation.target
        for (name, value) in query where target.contains("{\(name)}") {
            target = target.replacingOccurrences(of: "{\(name)}", with: value)
        }
        var pairs = query.filter { !operation.target.contains("{\($0.key)}") }
        if let session { pairs["session"] = session }
        let text = pairs.map { "\($0.key)=\($0.value.formEncoded)" }.joined(separator: "&")
        if !text.isEmpty { target += (target.contains("?") ? "&" : "?") + text }
        if let form { return await fixture.post(target, form: form, peer: peer) }
        if let json { return await fixture.post(target, json: json, peer: peer) }
        if let parts { return await fixture.post(target, parts: parts, peer: peer) }
        return await fixture.request(operation.method, target, peer: peer)
    }
}
