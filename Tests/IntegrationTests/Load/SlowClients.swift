import Foundation
import TestSupport

/// Connections to the control socket that say one octet at a time: half of them never end the head of a request, half
/// announce a long body. Whoever is thrown out comes again.
final class SlowClients: @unchecked Sendable {
    private let address: SocketAddress
    private let count: Int
    private let lock = NSLock()
    private var isOver = false
    private let done = DispatchSemaphore(value: 0)
    /// How often one was thrown out, or not let in.
    private var losses = 0

    init(_ address: SocketAddress, count: Int) {
        self.address = address
        self.count = count
    }

    /// Connects all, then dribbles until `stop`.
    func start() {
        Thread { [self] in
            var clients: [TCPConnection?] = Array(repeating: nil, count: count)
            while !lock.withLock({ isOver }) {
                for index in clients.indices {
                    if let client = clients[index] {
                        if (try? client.write("a")) == nil { clients[index] = nil }
                    }
                    if clients[index] == nil {
                        clients[index] = try? begin(index)
                        lock.withLock { losses += 1 }
                    }
                    // Each gets one every few seconds.
                    if index % 16 == 0 { usleep(useconds_t(3_000_000 / max(1, count / 16))) }
                    if lock.withLock({ isOver }) { break }
                }
            }
            done.signal()
        }.start()
    }

    private func begin(_ index: Int) throws -> TCPConnection {
        let client = try TCPConnection(address)
        try client.write("POST /oxguard/keys?action=create&session=x HTTP/1.1\r\nHost: x\r\nX: ")
        if index % 2 == 0 {
            try client.write(
                "y\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\na")
        }
        return client
    }

    /// - Returns: how many connections there were beyond the first ones.
    func stop() -> Int {
        lock.withLock { isOver = true }
        done.wait()
        return lock.withLock { losses } - count
    }
}
