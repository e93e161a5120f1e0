import Foundation

/// A line on standard output at once, whether that is a terminal or a pipe.
public func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
