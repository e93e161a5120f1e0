import Foundation

/// The one way from a test to the public mail and key corpora, which live beside a developer's checkout and are
/// never part of the repository.
public enum Corpora {
    /// The folder of all sets: `GUARDD_CORPORA`, else `../shared/corpora` beside the checkout; nil where absent.
    public static let root: URL? = {
        let environment = ProcessInfo.processInfo.environment
        let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora")
        let candidate = environment["GUARDD_CORPORA"].map { URL(fileURLWithPath: $0) } ?? beside
        if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("INDEX.md").path) {
            return candidate
        }
        print("corpora: \(candidate.path) is absent, its suites are skipped")
        return nil
    }()

    /// Whether suites that need the corpora run: true where they exist, and under `CI=true` always, so that their
    /// absence fails there instead of passing unseen.
    public static let isAvailable: Bool = root != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    /// The bytes of one file, named relative to the corpora folder.
    public static func bytes(_ name: String) throws -> [UInt8] {
        guard let root else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: root.appendingPathComponent(name)))
    }

    /// All regular files below a set's folder, sorted, relative to the corpora folder.
    public static func files(under set: String) throws -> [String] {
        guard let root else { throw CocoaError(.fileNoSuchFile) }
        let base = root.appendingPathComponent(set)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { throw CocoaError(.fileNoSuchFile) }
        var names: [String] = []
        for case let name as String in walk {
            var isDirectory: ObjCBool = false
            let path = base.appendingPathComponent(name).path
            if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
                names.append(set + "/" + name)
            }
        }
        return names.sorted()
    }
}
