import Foundation
import HTTPTypes
import TestSupport
import Yams

@testable import ControlAPI

/// The served description, read for tests.
struct OpenAPIDocument {
    /// One operation of it.
    struct Operation: CustomStringConvertible {
        let id: String
        /// Path and fixed query.
        let target: String
        let method: HTTPRequest.Method
        let also: [HTTPRequest.Method]
        let parameters: [Parameter]
        /// Content types of the body and their schemas.
        let body: [String: [String: Any]]
        let responses: [String: Any]
        /// Names of security schemes; empty for none.
        let security: [String]
        /// The codes of errors that are its own.
        let codes: [String]

        var description: String { id }
        var needsSession: Bool { parameters.contains { $0.name == "session" && $0.isRequired } }
    }

    struct Parameter {
        let name: String
        let place: String
        let isRequired: Bool
        let schema: [String: Any]
    }

    let root: [String: Any]

    init() throws {
        let text = String(decoding: OpenAPI.document, as: UTF8.self)
        guard let root = try Yams.load(yaml: text) as? [String: Any] else { throw TestFailure("no YAML object") }
        self.root = root
    }

    /// Follows `$ref`.
    func resolve(_ value: Any?) -> [String: Any] {
        guard let object = value as? [String: Any] else { return [:] }
        guard let reference = object["$ref"] as? String else { return object }
        var node: Any? = root
        for step in reference.dropFirst(2).split(separator: "/") { node = (node as? [String: Any])?[String(step)] }
        return resolve(node)
    }

    var operations: [Operation] {
        let paths = root["paths"] as? [String: Any] ?? [:]
        return paths.flatMap { path, item in
            (item as? [String: Any] ?? [:]).compactMap { method, value -> Operation? in
                let value = value as? [String: Any] ?? [:]
                guard let id = value["operationId"] as? String, let method = HTTPRequest.Method(method.uppercased())
                else {
                    return nil
                }
                let parameters = (value["parameters"] as? [Any] ?? []).map { resolve($0) }.map {
                    Parameter(
                        name: $0["name"] as? String ?? "", place: $0["in"] as? String ?? "",
                        isRequired: $0["required"] as? Bool ?? false, schema: resolve($0["schema"]))
                }
                let content = resolve(value["requestBody"])["content"] as? [String: Any] ?? [:]
                return Operation(
                    id: id, target: path, method: method,
                    also: (value["x-also"] as? [String] ?? []).compactMap { HTTPRequest.Method($0.uppercased()) },
                    parameters: parameters, body: content.mapValues { resolve(resolve($0)["schema"]) },
                    responses: value["responses"] as? [String: Any] ?? [:],
                    security: (value["security"] as? [[String: Any]] ?? []).flatMap(\.keys),
                    codes: value["x-codes"] as? [String] ?? [])
            }
        }.sorted { $0.id < $1.id }
    }

    /// What is wrong with an answer to an operation; empty if it is as described.
    func problems(_ reply: Reply, to operation: Operation) -> [String] {
        let responses = operation.responses
        let response = resolve(responses[String(reply.status.code)] ?? responses["default"])
        guard let content = response["content"] as? [String: Any] else { return [] }
        let type = reply.fields[.contentType]?.split(separator: ";").first.map(String.init) ?? "none"
        // Where something was refused, an error stands in place of any other type.
        let isError = reply.code != nil
        guard
            let media = content[type]
                ?? (isError ? resolve(responses["default"])["content"] as? [String: Any] : nil)?[type]
        else { return ["content type \(type) is none of \(content.keys.sorted())"] }
        guard type == "application/json" else { return [] }
        guard let json = try? JSONSerialization.jsonObject(with: Data(reply.body), options: .fragmentsAllowed) else {
            return ["no JSON"]
        }
        let schema: [String: Any] =
            isError ? ["$ref": "#/components/schemas/ErrorEnvelope"] : resolve(resolve(media)["schema"])
        return JSONSchema(document: self).problems(json, schema, at: "$")
    }

    /// The names of the members that a success of the operation may have, as paths.
    func members(of operation: Operation) -> Set<String> {
        let content = resolve(operation.responses["200"])["content"] as? [String: Any] ?? [:]
        guard let media = content["application/json"] else { return [] }
        return JSONSchema(document: self).members(resolve(resolve(media)["schema"]), at: "$")
    }
}

/// The part of JSON Schema that the description uses.
struct JSONSchema {
    let document: OpenAPIDocument

    func problems(_ value: Any, _ raw: [String: Any], at path: String) -> [String] {
        let schema = merged(raw)
        if let choices = schema["oneOf"] as? [Any] {
            let fitting = choices.filter { problems(value, document.resolve($0), at: path).isEmpty }
            return fitting.count == 1 ? [] : ["\(path): fits \(fitting.count) of its forms"]
        }
        var found: [String] = []
        if let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map({ [$0] }),
            !types.contains(where: { Self.isOf($0, value) })
        {
            found.append("\(path): \(value) is no \(types.joined(separator: " or "))")
        }
        if let allowed = schema["enum"] as? [String], let text = value as? String, !allowed.contains(text) {
            found.append("\(path): \(text) is none of \(allowed)")
        }
        if schema["format"] as? String == "uri", let text = value as? String, URL(string: text)?.scheme == nil {
            found.append("\(path): \(text) is no URI")
        }
        if let object = value as? [String: Any] {
            let properties = schema["properties"] as? [String: Any] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                found.append("\(path): no \(name)")
            }
            for (name, member) in object {
                if let property = properties[name] {
                    found += problems(member, document.resolve(property), at: "\(path).\(name)")
                } else if let more = schema["additionalProperties"] as? [String: Any] {
                    found += problems(member, document.resolve(more), at: "\(path).\(name)")
                } else if schema["additionalProperties"] as? Bool != true {
                    found.append("\(path).\(name): not described")
                }
            }
        }
        if let array = value as? [Any], let items = schema["items"] {
            for (index, item) in array.enumerated() {
                found += problems(item, document.resolve(items), at: "\(path)[\(index)]")
            }
        }
        return found
    }

    /// All members of success that the schema names: not those of errors.
    func members(_ raw: [String: Any], at path: String) -> Set<String> {
        var result: Set<String> = []
        let schema = merged(raw, withoutErrors: true)
        for (name, property) in schema["properties"] as? [String: Any] ?? [:] {
            result.insert("\(path).\(name)")
            result.formUnion(members(document.resolve(property), at: "\(path).\(name)"))
        }
        if let items = schema["items"] { result.formUnion(members(document.resolve(items), at: path + "[]")) }
        return result
    }

    /// The members that a value has, in the same notation.
    static func members(_ value: Any, at path: String = "$") -> Set<String> {
        var result: Set<String> = []
        if let object = value as? [String: Any] {
            for (name, member) in object {
                result.insert("\(path).\(name)")
                result.formUnion(members(member, at: "\(path).\(name)"))
            }
        }
        if let array = value as? [Any] { for item in array { result.formUnion(members(item, at: path + "[]")) } }
        return result
    }

    /// A schema with the parts of its `allOf` in one.
    private func merged(_ raw: [String: Any], withoutErrors: Bool = false) -> [String: Any] {
        var schema = document.resolve(raw)
        guard let parts = schema["allOf"] as? [Any] else { return schema }
        schema["allOf"] = nil
        var properties = schema["properties"] as? [String: Any] ?? [:]
        for part in parts {
            if withoutErrors, (part as? [String: Any])?["$ref"] as? String == "#/components/schemas/ErrorEnvelope" {
                continue
            }
            properties.merge(merged(document.resolve(part))["properties"] as? [String: Any] ?? [:]) { $1 }
        }
        schema["properties"] = properties
        return schema
    }

    private static func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "null": return value is NSNull
        case "string": return value is String
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "boolean": return (value as? NSNumber).map(isTruth) ?? false
        case "integer":
            guard let number = value as? NSNumber, !isTruth(number) else { return false }
            // Foundation reads some long numbers as floating point; an integer is one without a fraction.
            return Int64(exactly: number) != nil || number.doubleValue.rounded() == number.doubleValue
        case "number": return (value as? NSNumber).map { !isTruth($0) } ?? false
        default: return false
        }
    }

    private static func isTruth(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
