import Foundation

/// Waits for something outside this process (a server that comes up, a child that ends). The time given is only the
/// point at which hope is lost: no test depends on how long anything takes.
public enum Wait {
    public static func until(seconds: Double = 30, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = Date().addingTimeInterval(seconds)
        var pause: useconds_t = 1000
        while true {
            if try condition() { return true }
            if Date() > end { return false }
            usleep(pause)
            pause = min(pause * 2, 50_000)
        }
    }

    /// Until a unix socket or a TCP port on 127.0.0.1 takes connections.
    public static func untilListening(_ address: SocketAddress, seconds: Double = 30) throws {
        let up = until(seconds: seconds) { (try? TCPConnection(address)) != nil }
        guard up else { throw TestFailure("nothing listens on \(address)") }
    }
}
