import Foundation

/// A fresh directory below `/tmp`, removed when the object goes away (and by `Reaper` should the process die).
///
/// The path stays short: unix sockets below it must fit into 107 bytes.
public final class TemporaryDirectory: @unchecked Sendable {
    public let path: String
    public var url: URL { URL(fileURLWithPath: path) }

    /// - Parameter mode: permission bits of the directory; servers that change their user need 0755.
    public init(_ prefix: String = "guardd", mode: mode_t = 0o700) throws {
        var template = Array("/tmp/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, mode)
        Reaper.shared.watch(directory: path)
    }

    /// The path of a name inside.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file inside and gives its path.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws -> String {
        let target = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: target))
        chmod(target, mode)
        return target
    }

    @discardableResult
    public func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// The bytes of a file inside.
    public func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        Reaper.shared.forget(directory: path)
    }
}
