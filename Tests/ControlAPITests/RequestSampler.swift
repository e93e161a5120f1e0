import Foundation
import HTTPTypes
import TestSupport

@testable import ControlAPI

/// Requests to the operations of the description with likely values, of which tests exchange one.
struct RequestSampler {
    let fixture: ControlFixture
    let session: String
    /// By name of the parameter; others get a value of their type.
    var samples: [String: String] = [:]

    /// How a body is written.
    enum Form: CaseIterable { case json, form, multipart }

    /// Names of parameters of an operation whose values are text, the session's aside.
    func textParameters(of operation: OpenAPIDocument.Operation, _ document: OpenAPIDocument) -> [String] {
        let members = operation.body.values.first?["properties"] as? [String: Any] ?? [:]
        let all =
            operation.parameters.map { ($0.name, $0.schema) } + members.map { ($0.key, document.resolve($0.value)) }
        return Set(all.filter { !["integer", "boolean"].contains($0.1["type"] as? String ?? "") }.map(\.0)).sorted()
    }

    /// Sends a request in which every parameter has its likely value, but one has another.
    func send(
        _ operation: OpenAPIDocument.Operation, _ document: OpenAPIDocument, _ name: String, _ value: String,
        as form: Form? = nil
    ) async -> TestReply {
        func likely(_ parameter: String, _ schema: [String: Any]) -> String {
            if parameter == name { return value }
            if parameter == "session" { return session }
            if let sample = samples[parameter] { return sample }
            if let choice = (schema["enum"] as? [String])?.first { return choice }
            return schema["type"] as? String == "boolean" ? "true" : "1"
        }
        var target = operation.target
        var query: [String] = []
        for parameter in operation.parameters {
            let text = likely(parameter.name, parameter.schema).formEncoded
            if parameter.place == "path" {
                target = target.replacing("{\(parameter.name)}", with: text)
            } else {
                query.append("\(parameter.name)=\(text)")
            }
        }
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
        let peer = Peer.local(user: 0, group: 0, process: 1)
        guard let (type, schema) = operation.body.first else {
            return await fixture.request(operation.method, target, peer: peer)
        }
        let members = (schema["properties"] as? [String: Any] ?? [:]).map {
            ($0.key, likely($0.key, document.resolve($0.value)))
        }.filter { $0.0 != "e_password" || name == "e_password" }
        let described: Form =
            type == "application/json" ? .json : type == "multipart/form-data" ? .multipart : .form
        switch form ?? described {
        case .json:
            let object = Dictionary(members) { first, _ in first }
            let data = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
            return await fixture.request(
                operation.method, target, type: "application/json", body: Array(data), peer: peer)
        case .multipart:
            let (type, body) = ControlFixture.multipart(members.map { ($0.0, Array($0.1.utf8)) })
            return await fixture.request(operation.method, target, type: type, body: body, peer: peer)
        case .form:
            let text = members.map { "\($0.0)=\($0.1.formEncoded)" }.joined(separator: "&")
            return await fixture.request(
                operation.method, target, type: "application/x-www-form-urlencoded", body: Array(text.utf8), peer: peer)
        }
    }
}
