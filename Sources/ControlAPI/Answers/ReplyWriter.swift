import Guard
import HTTPTypes

/// Turns answers and errors into HTTP.
enum ReplyWriter {
    private struct Envelope: Encodable {
        let data: (any Encodable)?
        enum Key: CodingKey { case data }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            func add(_ data: some Encodable) throws { try container.encode(data, forKey: .data) }
            if let data { try add(data) }
        }
    }

    static func reply(_ answer: Answer) throws -> Reply {
        switch answer {
        case .data(let data): try json(Envelope(data: data))
        case .bare(let value): try json(value)
        case .done: Reply(.ok, type: "application/json", body: Array("{}".utf8))
        case .text(let text): Reply(.ok, type: "text/plain; charset=utf-8", body: Array(text.utf8))
        case .file(let bytes, let type, let name):
            Reply(
                .ok, type: type, body: bytes,
                fields: name.map { [.contentDisposition: "attachment; filename=\"\(fileName($0))\""] } ?? [:])
        case .notFound: Reply(.notFound, type: "text/plain; charset=utf-8", body: Array("not found\n".utf8))
        }
    }

    /// An error as an envelope; its HTTP status tells what is no error of the module itself.
    static func reply(_ error: GuardError, id: String, language: Language) throws -> Reply {
        var reply = try json(ErrorEnvelope(error, id: id, language: language), status: status(error.code))
        reply.code = error.code.rawValue
        if error.retryAfter > 0 { reply.fields[.retryAfter] = String(error.retryAfter) }
        if error.code == .methodNotAllowed { reply.fields[.allow] = error.parameters.joined(separator: ", ") }
        return reply
    }

    static func status(_ code: GuardErrorCode) -> HTTPResponse.Status {
        switch code {
        case .missingParameter, .unknownAction, .secretInQuery, .badParameter: .badRequest
        case .notAllowed: .forbidden
        case .unknownModule: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .bodyTooLarge: .contentTooLarge
        case .lockedOut, .busy: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .internalFailure: .internalServerError
        default: .ok
        }
    }

    private static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Reply {
        Reply(status, type: "application/json", body: try JSONWriter.write(value))
    }

    /// What may stand between quotes in a field.
    private static func fileName(_ name: String) -> String {
        String(
            name.unicodeScalars.map { scalar -> Character in
                let isPlain =
                    scalar.isASCII && scalar.value > 0x20 && scalar.value != 0x7F
                    && !"\"\\/;".unicodeScalars.contains(scalar)
                return isPlain ? Character(scalar) : "_"
            })
    }
}
