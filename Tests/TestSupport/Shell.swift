import Foundation

/// Runs a program to its end. Input and output go through files, so any amount of either cannot block.
public enum Shell {
    public struct Result: Sendable {
        /// Exit status; 128 plus the signal number if a signal ended it.
        public let status: Int32
        public let output: [UInt8]
        public let error: String
        public var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs and gives what came out, whatever the exit status.
    public static func run(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:]
    ) throws -> Result {
        let scratch = try TemporaryDirectory("sh")
        let descriptor = open(try scratch.write("in", input), O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let pid = try Spawn.start(
            program, arguments, environment: environment, standardInput: descriptor,
            output: scratch.file("out"), error: scratch.file("err"))
        let status = Spawn.wait(pid)
        return Result(
            status: status, output: try scratch.read("out"),
            error: String(decoding: try scratch.read("err"), as: UTF8.self))
    }

    /// Runs and gives standard output; any exit status but 0 is an error that carries standard error.
    @discardableResult
    public static func check(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:]
    ) throws -> [UInt8] {
        let result = try run(program, arguments, input: input, environment: environment)
        guard result.status == 0 else {
            throw TestFailure(
                "\(program) \(arguments.joined(separator: " ")): status \(result.status)\n\(result.error)\(result.text.prefix(2000))"
            )
        }
        return result.output
    }

    /// Whether a program can be found.
    public static func has(_ program: String) -> Bool {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        return (try? Spawn.locate(program, path)) != nil
    }
}
