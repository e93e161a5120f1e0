/// Why guardd does not start: what is wrong, what to do about it, and the exit status (`sysexits.h`).
struct StartupError: Error {
    enum Status: Int32 {
        case unreadable = 66
        case unavailable = 69
        case root = 77
        case configuration = 78
    }

    let status: Status
    /// One complaint a line.
    let lines: [String]

    init(_ status: Status, _ lines: [String]) {
        self.status = status
        self.lines = lines
    }

    init(_ status: Status, _ line: String) { self.init(status, [line]) }
}
