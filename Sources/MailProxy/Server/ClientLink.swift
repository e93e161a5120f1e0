import Libcrypto
import NIOCore
import NIOSSL

/// A client's connection, for a thread that blocks.
final class ClientLink: Sendable {
    enum Input: Sendable {
        case bytes([UInt8])
        /// The client closed the connection, or it broke.
        case end
        /// ``interrupt()`` was called.
        case interrupted
    }

    /// Octets of replies that may be on their way without anybody waiting for them to leave.
    private static let unwatched = 16 << 10

    private let channel: any Channel
    private let handler: NIOLoopBound<InletHandler>
    private let written = Lock(0)

    init(channel: any Channel, handler: NIOLoopBound<InletHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// The next octets, in a piece of whatever size; nil when none came in time.
    func read(seconds: Double) -> Input? {
        let handover = Handover<Input>()
        channel.eventLoop.execute { [handler] in handler.value.want(handover) }
        switch handover.wait(seconds: seconds) {
        case .success(let input)?: return input
        case .failure?: return .end
        case nil: return nil
        }
    }

    /// Sends octets. Returns false where the client has not taken earlier ones in time: it is of no use any more.
    ///
    /// - Parameter isWatched: whether to return when the system has taken all of them.
    func write(_ bytes: [UInt8], seconds: Double, isWatched: Bool = false) -> Bool {
        let total = written.withLock {
            $0 += bytes.count
            return $0
        }
        guard isWatched || total > Self.unwatched else {
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            return true
        }
        written.withLock { $0 = 0 }
        let handover = Handover<Void>()
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { handover.complete($0) }
        if case .success? = handover.wait(seconds: seconds) { return true }
        return false
    }

    /// Sends octets in clear text and puts TLS under everything that follows; nothing that came before is taken for a part
    /// of it. Returns false where something came.
    func startTLS(after bytes: [UInt8], context: NIOSSLContext) -> Bool {
        let handover = Handover<Bool>()
        channel.eventLoop.execute { [channel, handler] in
            guard handler.value.isQuiet else {
                handover.complete(.success(false))
                return
            }
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            do {
                // In the same turn of the loop: nothing can be read in between.
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context), position: .first)
                handover.complete(.success(true))
            } catch {
                handover.complete(.success(false))
            }
        }
        if case .success(true)? = handover.wait(seconds: 10) { return true }
        return false
    }

    /// Ends the wait for something that has not begun to come, now or the next time.
    func interrupt() {
        channel.eventLoop.execute { [handler] in handler.value.interrupt() }
    }

    /// Closes when everything that was written has left.
    func close() {
        channel.eventLoop.execute { [channel] in
            channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
