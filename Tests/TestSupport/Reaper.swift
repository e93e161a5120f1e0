import Foundation

/// Cleans up after this process even if it crashes: a small shell waits for the end of a pipe that only this process
/// holds, then stops the processes and removes the directories still listed.
///
/// In the ordinary case every owner stops what it started and takes its entry back, so the shell finds nothing to do.
public final class Reaper: Sendable {
    public static let shared = Reaper()

    private let registry: String
    private let holdsOpen: Int32

    private init() {
        var template = Array("/tmp/guardd-reaper-XXXXXX".utf8CString)
        _ = mkdtemp(&template)
        registry = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        holdsOpen = ends[1]
        let script = """
            cat >/dev/null
            for f in "$0"/pid.*; do [ -e "$f" ] && kill -TERM "${f##*.}" 2>/dev/null; done
            for i in 1 2 3 4 5 6 7 8 9 10; do
              left=
              for f in "$0"/pid.*; do [ -e "$f" ] && kill -0 "${f##*.}" 2>/dev/null && left=1; done
              [ "$left" ] || break
              sleep 0.3
            done
            for f in "$0"/pid.*; do [ -e "$f" ] && kill -KILL "${f##*.}" 2>/dev/null; done
            for f in "$0"/dir.*; do [ -e "$f" ] && rm -rf -- "$(cat "$f")"; done
            rm -rf -- "$0"
            """
        _ = try? Spawn.start("/bin/sh", ["-c", script, registry], standardInput: ends[0], ownSession: true)
        close(ends[0])
    }

    func watch(pid: pid_t) { put("pid.\(pid)", "") }
    func forget(pid: pid_t) { unlink(registry + "/pid.\(pid)") }
    func watch(directory: String) { put("dir.\(Self.key(directory))", directory) }
    func forget(directory: String) { unlink(registry + "/dir.\(Self.key(directory))") }

    private func put(_ name: String, _ content: String) {
        _ = FileManager.default.createFile(atPath: registry + "/" + name, contents: Data(content.utf8))
    }

    private static func key(_ path: String) -> String { path.split(separator: "/").joined(separator: "_") }
}
