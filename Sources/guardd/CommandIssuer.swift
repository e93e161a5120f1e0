import CMS
import Glibc
import Guard
import MIME

/// A program of the administrator's that issues certificates: it gets the request in PEM on standard input and answers
/// with the certificate, and those that lead to its authority, in PEM on standard output.
///
/// It is started by its path, never by a shell, in an empty environment. Nothing of the request or of the user becomes an
/// argument.
struct CommandIssuer: CertificateIssuer {
    /// The absolute path of the program, then its arguments.
    let command: [String]
    /// Milliseconds after which it is killed.
    let timeout: Int64
    /// Octets of output past which it is killed.
    static let maximumOutput = 256 << 10

    func issue(
        _ request: CertificateRequest, name: CertificateName, address: EmailAddress, at now: Int64
    ) throws -> [X509Certificate] {
        let output = try run(input: request.pem)
        guard let certificates = try? X509Certificate.parseAll(output), !certificates.isEmpty else {
            throw failure("it answered no certificate")
        }
        return certificates
    }

    private func failure(_ why: String) -> GuardError {
        GuardError(.pkiFailed, "the program \(command.first ?? ""): \(why)")
    }

    /// Runs the program and returns what it wrote.
    func run(input: [UInt8]) throws -> [UInt8] {
        // Sockets, because writing to one whose reader is gone can be told not to raise a signal.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var sockets: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &sockets) == 0 else { throw failure("no socket") }
        var pipe: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &pipe) == 0 else {
            sockets.forEach { close($0) }
            throw failure("no socket")
        }
        let (theirInput, theirOutput) = (sockets[1], pipe[1])
        var (input, output) = (Channel(sockets[0], input), Channel(pipe[0], []))
        defer {
            input.close()
            output.close()
        }
        let process: pid_t
        do {
            defer {
                close(theirInput)
                close(theirOutput)
            }
            process = try start(theirInput, theirOutput)
        }
        do {
            let deadline = Clock.milliseconds() + timeout
            while output.isOpen {
                try wait(input, output, until: deadline)
                input.write()
                guard output.read(limit: Self.maximumOutput) else { throw failure("its answer is too long") }
            }
            input.close()
            while try !hasEnded(process) {
                guard Clock.milliseconds() < deadline else { throw failure("it took too long") }
                usleep(5_000)
            }
        } catch {
            _ = end(process)
            throw error
        }
        let status = end(process)
        guard status == 0 else { throw failure("it failed with status \(status >> 8 & 0xFF)") }
        return output.bytes
    }

    private func hasEnded(_ process: pid_t) throws -> Bool {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { throw failure("it is gone") }
        return info.si_signo == SIGCHLD
    }

    /// Ends it and everything it started and left in its group.
    private func end(_ process: pid_t) -> Int32 {
        // Before it is reaped: then the number cannot be somebody else's.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private func wait(_ input: Channel, _ output: Channel, until deadline: Int64) throws {
        let left = deadline - Clock.milliseconds()
        guard left > 0 else { throw failure("it took too long") }
        var waits = [pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0)]
        if input.isOpen { waits.append(pollfd(fd: input.descriptor, events: Int16(POLLOUT), revents: 0)) }
        _ = poll(&waits, nfds_t(waits.count), Int32(clamping: min(left, 1000)))
    }

    /// Not every descriptor of libmilter is closed by exec. The header hides the function from Swift.
    private static func closeFrom(_ first: Int32, _ actions: inout posix_spawn_file_actions_t) -> Bool {
        typealias Function = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return false }
        return unsafeBitCast(symbol, to: Function.self)(&actions, first) == 0
    }

    private func start(_ input: Int32, _ output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        guard Self.closeFrom(3, &actions) else { throw failure("descriptors cannot be kept from it") }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process: pid_t = 0
        let result = posix_spawn(&process, command.first ?? "", &actions, &attributes, &arguments, &environment)
        guard result == 0 else { throw failure(String(cString: strerror(result))) }
        return process
    }
}

/// Our end of a pipe.
private struct Channel {
    private(set) var descriptor: Int32
    private(set) var bytes: [UInt8]

    init(_ descriptor: Int32, _ bytes: [UInt8]) {
        self.descriptor = descriptor
        self.bytes = bytes
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    var isOpen: Bool { descriptor >= 0 }

    mutating func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends what can be sent; closes when all is, or nobody reads.
    mutating func write() {
        while isOpen, !bytes.isEmpty {
            let count = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else { break }
            bytes.removeFirst(count)
        }
        close()
    }

    /// Takes what is there; closes at its end. False where it is more than the limit.
    mutating func read(limit: Int) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while isOpen {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return true }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { return false }
        }
        close()
        return true
    }
}
