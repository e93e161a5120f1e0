import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// The HTTP server of the control API with one route and no application: answers every request with the octets that the
/// field `x-answer` names as a file.
enum BareServer {
    private struct NoAnswer: Error {}

    static func run(socket: String) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let log = Logger(label: "bare")
        let answers = Answers()
        let channel = HTTP1Channel(responder: { request, writer, _ in
            guard let name = HTTPField.Name("x-answer"), let file = request.head.headerFields[name] else {
                throw NoAnswer()
            }
            // The body is read as an application would.
            for try await _ in request.body {}
            let octets = try answers.read(file)
            try await writer.write(
                response: HTTPResponse(
                    status: .ok,
                    headerFields: [
                        .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                        .contentLength: String(octets.count),
                    ]), body: ResponseBody(byteBuffer: ByteBuffer(bytes: octets)))
        })
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { child in
                channel.setup(channel: child, logger: log).map { value in
                    _ = Task { await channel.handle(value: value, logger: log) }
                }
            }
        try bootstrap.bind(unixDomainSocketPath: socket).wait().closeFuture.wait()
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
