import Glibc

/// Debian's `miltertest`, run with one of the Lua scripts.
enum MilterTest {
    struct Outcome { let status: Int32, output: String }

    private static let folder = (#filePath.lastIndex(of: "/").map { String(#filePath[..<$0]) } ?? ".") + "/Lua"

    static func run(script: String, socket: String) throws -> Outcome {
        let arguments = "-D socket=unix:\(socket) -D 'directory=\(folder)' -s '\(folder)/\(script).lua'"
        var command = Array("exec /usr/bin/miltertest \(arguments) 2>&1 </dev/null".utf8CString)
        var mode = Array("r".utf8CString)
        guard let pipe = popen(&command, &mode) else { return Outcome(status: -1, output: "popen") }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer.prefix(count)
        }
        return Outcome(status: pclose(pipe), output: String(decoding: output, as: UTF8.self))
    }
}
