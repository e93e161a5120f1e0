import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Hummingbird with routes and no application: answers the paths of the measured requests with the octets that the field
/// `x-answer` names as a file.
enum BareServer {
    private struct NoAnswer: Error {}

    static func run(socket: String) async throws {
        let answers = Answers()
        let router = Router()
        for (method, path) in [(HTTPRequest.Method.get, "/oxguard/keys"), (.post, "/oxguard/login")] {
            router.on(RouterPath(path), method: method) { request, _ -> Response in
                guard let name = HTTPField.Name("x-answer"), let file = request.headers[name] else { throw NoAnswer() }
                // The body is read as an application would.
                for try await _ in request.body {}
                return Response(
                    status: .ok,
                    headers: [
                        .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                    ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: try answers.read(file))))
            }
        }
        var log = Logger(label: "bare")
        log.logLevel = .error
        try await Application(
            router: router, configuration: .init(address: .unixDomainSocket(path: socket)), logger: log
        ).runService()
    }

    /// Files that were read once.
    private final class Answers: @unchecked Sendable {
        private let lock = NSLock()
        private var files: [String: [UInt8]] = [:]

        func read(_ path: String) throws -> [UInt8] {
            try lock.withLock {
                if let known = files[path] { return known }
                let octets = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
                files[path] = octets
                return octets
            }
        }
    }
}
