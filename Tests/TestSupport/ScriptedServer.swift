import Foundation

/// A server on a free port of 127.0.0.1 that does with each connection what a test says, on a thread of its own.
public final class ScriptedServer: @unchecked Sendable {
    private let listener: Listener
    public var port: UInt16 { listener.port }

    /// - Parameter script: gets each connection, which ends when it returns or throws.
    public init(_ script: @escaping @Sendable (TCPConnection) throws -> Void) throws {
        listener = try Listener()
        let listener = listener
        Thread {
            while let connection = listener.accept() {
                let thread = Thread {
                    try? script(connection)
                    connection.shut()
                }
                thread.stackSize = 512 * 1024
                thread.start()
            }
        }.start()
    }

    public func stop() { listener.shut() }

    deinit { stop() }
}

extension TCPConnection {
    /// The next line without its end; nil at the end of the stream.
    public func command() throws -> String? {
        try readLine().map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines) }
    }

    /// What follows DATA, as it came on the wire, the final dot included; nil if the stream ends before it.
    public func rawData() throws -> [UInt8]? {
        var data: [UInt8] = []
        while let line = try readLine() {
            data += line
            if line == [46, 13, 10] { return data }
        }
        return nil
    }
}
