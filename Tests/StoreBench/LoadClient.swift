import Foundation
import TestSupport

/// A connection to an HTTP server on a unix socket that stays open.
final class LoadClient {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(socket path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = descriptor
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw TestFailure("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its answer, which must announce its length.
    /// - Returns: the body.
    @discardableResult
    func ask(_ request: [UInt8]) throws -> ArraySlice<UInt8> {
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw TestFailure("send: \(String(cString: strerror(errno)))")
        }
        var have = 0
        var body: Range<Int>?
        while body.map({ have < $0.upperBound }) ?? true {
            if have == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
            let count = buffer.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress.map { $0 + have }, $0.count - have, 0)
            }
            guard count > 0 else { throw TestFailure("the server closed the connection") }
            have += count
            if body == nil { body = try range(ofBody: have) }
        }
        return buffer[body ?? 0..<0]
    }

    private func range(ofBody have: Int) throws -> Range<Int>? {
        guard let end = buffer[..<have].firstRange(of: [13, 10, 13, 10]) else { return nil }
        let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).lowercased()
        guard head.hasPrefix("http/1.1 200"), let field = head.firstRange(of: "content-length: "),
            let length = Int(head[field.upperBound...].prefix { $0.isNumber })
        else { throw TestFailure("unexpected answer: \(head)") }
        return end.upperBound..<end.upperBound + length
    }
}

/// Many requests over several connections at once.
enum Load {
    /// - Returns: requests per second.
    static func run(socket: String, connections: Int, requests: [[UInt8]], count: Int) throws -> Double {
        let failures = Failures()
        let group = DispatchGroup()
        let start = ContinuousClock.now
        for connection in 0..<connections {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                do {
                    let client = try LoadClient(socket: socket)
                    for number in 0..<count { try client.ask(requests[(connection * 7 + number) % requests.count]) }
                } catch { failures.add("\(error)") }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        if let failure = failures.first { throw TestFailure("\(socket): \(failure)") }
        return Double(connections * count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private final class Failures: @unchecked Sendable {
        private let lock = NSLock()
        private var texts: [String] = []
        var first: String? { lock.withLock { texts.first } }
        func add(_ text: String) { lock.withLock { texts.append(text) } }
    }
}
