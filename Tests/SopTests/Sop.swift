import Foundation
import TestSupport

/// Calls of guard-sop, with files of their own in one temporary folder.
struct Sop {
    static let program = Executable.path("guard-sop")
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("sop") }

    func run(_ arguments: String..., input: [UInt8] = [], environment: [String: String] = [:]) throws -> Shell.Result {
        try Shell.run(Self.program, arguments, input: input, environment: environment)
    }

    /// Runs and gives standard output; only exit status 0 will do.
    @discardableResult
    func check(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
        try Shell.check(Self.program, arguments, input: input)
    }

    /// Runs in the folder through a shell, which can redirect descriptors: `$SOP` is the program.
    func shell(_ script: String, input: [UInt8] = []) throws -> Shell.Result {
        try Shell.run("sh", ["-c", "cd \(folder.path) && \(script)"], input: input, environment: ["SOP": Self.program])
    }

    /// A file with this content; its path.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String { try folder.write(name, bytes) }

    func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

    /// A path that names nothing yet.
    func fresh(_ name: String) -> String { folder.file(name) }

    func read(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    /// A key and its certificate as files.
    func identity(_ name: String, _ options: [String] = []) throws -> (key: String, cert: String) {
        let key = try Shell.check(Self.program, ["generate-key"] + options + ["\(name) <\(name)@example.org>"])
        let cert = try check("extract-cert", input: key)
        return (try file("\(name).key", key), try file("\(name).cert", cert))
    }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
