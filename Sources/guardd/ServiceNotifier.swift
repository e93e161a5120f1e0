import Glibc

/// Tells the service manager how far we are: the datagram protocol of sd_notify(3), which needs no library. Without
/// `NOTIFY_SOCKET` in the environment nothing is sent.
struct ServiceNotifier: Sendable {
    private let path: String?
    /// Seconds between two signs of life; nil without a watchdog.
    let watchdogInterval: Int?

    init(environment: (String) -> String? = { getenv($0).map { String(cString: $0) } }) {
        path = environment("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let meant = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let microseconds = meant ? environment("WATCHDOG_USEC").flatMap { UInt64($0) } : nil
        watchdogInterval = microseconds.map { Int(clamping: max(1, $0 / 2_000_000)) }
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    func stopping(_ status: String) { send("STOPPING=1\nSTATUS=\(status)") }
    func alive() { send("WATCHDOG=1") }

    /// The time lets the manager tell this reload from an earlier one.
    func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)\nSTATUS=Reloading")
    }

    private func send(_ message: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // An @ stands for the zero byte of the abstract namespace; the length then says where the name ends.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = Array(message.utf8)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
