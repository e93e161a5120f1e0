import Foundation

/// Why an input cannot be used: one sentence with the name of the file or option.
struct InputError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Files named on the command line.
enum InputFile {
    /// The bytes of a file, or of standard input for `-`.
    static func read(_ name: String) throws -> [UInt8] {
        do {
            if name == "-" { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: name)))
        } catch {
            throw InputError("\(name == "-" ? "standard input" : name): cannot be read")
        }
    }
}
