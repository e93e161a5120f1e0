import Guard
import HTTPTypes

/// Finds the operation of a request.
struct Router: Sendable {
    struct Match {
        let operation: Operation
        /// The path element that stands for the braces in the table, and its name.
        let element: (name: String, value: Substring)?
    }

    private struct Key: Hashable {
        let path: String
        let action: String?
    }

    private var rows: [Key: Operation] = [:]
    /// Paths of operations that are told apart by `action`, or by nothing.
    private var paths: [String: Bool] = [:]
    /// Paths before an element in braces, with its name.
    private var prefixes: [String: String] = [:]

    init(_ operations: [Operation]) {
        for operation in operations {
            rows[Key(path: operation.path, action: operation.action)] = operation
            if let brace = operation.path.lastIndex(of: "{") {
                let prefix = String(operation.path[..<brace])
                prefixes[prefix] = String(operation.path[brace...].dropFirst().dropLast())
            } else {
                paths[operation.path] = operation.action != nil
            }
        }
    }

    /// - Throws: `GuardError` with code `unknownModule`, `unknownAction` or `methodNotAllowed`, whose parameters are the
    ///   methods to use.
    func match(_ method: HTTPRequest.Method, path: Substring, query: Substring) throws(GuardError) -> Match {
        var path = path
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        let operation: Operation?
        var element: (name: String, value: Substring)?
        if let hasAction = paths[String(path)] {
            operation = rows[Key(path: String(path), action: hasAction ? try Self.action(of: query) : nil)]
            guard operation != nil else { throw GuardError(.unknownAction, "the module knows no such action") }
        } else if let slash = path.lastIndex(of: "/"), let name = prefixes[String(path[...slash])] {
            element = (name, path[slash...].dropFirst())
            operation = rows[Key(path: "\(path[...slash]){\(name)}", action: nil)]
        } else {
            operation = nil
        }
        guard let operation else { throw GuardError(.unknownModule, "there is no such path") }
        guard operation.methods.contains(method) else {
            throw GuardError(
                .methodNotAllowed, "\(operation.id) takes \(operation.methods.map(\.rawValue).joined(separator: ", "))",
                parameters: operation.methods.map(\.rawValue))
        }
        return Match(operation: operation, element: element)
    }

    /// The value of `action`, which must stand in the query once.
    private static func action(of query: Substring) throws(GuardError) -> String {
        let values = query.split(separator: "&").filter { $0.hasPrefix("action=") }.map {
            $0.dropFirst("action=".count)
        }
        // Some clients encode the underscore.
        guard values.count == 1,
            let value = values.first.flatMap({
                ParameterReader.percentDecoded(Array($0.utf8)[...], plusIsSpace: true)
            })
        else { throw GuardError(.unknownAction, "the query must name one action") }
        return String(decoding: value, as: UTF8.self)
    }
}
