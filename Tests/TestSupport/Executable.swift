import Foundation

/// The programs of this package, as built beside the running one.
public enum Executable {
    /// The folder of built programs: `GUARDD_BIN`, else where the running test bundle or program lies.
    public static let folder: String = {
        if let given = ProcessInfo.processInfo.environment["GUARDD_BIN"] { return given }
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let program = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let own = URL(fileURLWithPath: program).deletingLastPathComponent()
        if FileManager.default.fileExists(atPath: own.appendingPathComponent("noop-milter").path) { return own.path }
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            return URL(fileURLWithPath: argument).deletingLastPathComponent().path
        }
        return own.path
    }()

    public static func path(_ name: String) -> String { folder + "/" + name }
}
