import Glibc

/// Another program that is run for a measurement.
enum Program {
    /// Seconds of one run.
    struct Times {
        var wall: Double
        var processor: Double
    }

    /// Runs a program to its end, with files for its input and output and nothing of what it says; nil where it fails.
    static func run(_ arguments: [String], input: String = "/dev/null", output: String = "/dev/null") -> Times? {
        guard let name = arguments.first else { return nil }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var process: pid_t = 0
        let start = wall()
        guard posix_spawnp(&process, name, &actions, nil, &words, environ) == 0 else { return nil }
        var (status, usage): (Int32, rusage) = (0, rusage())
        guard wait4(process, &status, 0, &usage) == process, status == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return Times(wall: wall() - start, processor: seconds(usage.ru_utime) + seconds(usage.ru_stime))
    }

    private static func wall() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
