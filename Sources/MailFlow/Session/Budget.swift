import Libcrypto

/// The memory that all messages in flight may use together. Shared by all sessions; beyond it new mail is deferred.
public final class Budget: Sendable {
    /// Octets.
    public let limit: Int
    private let used = Lock(0)

    public init(limit: Int) { self.limit = max(0, limit) }

    /// Octets reserved now.
    public var inUse: Int { used.withLock { $0 } }

    /// Whether there is no room for another message.
    public var isExhausted: Bool { used.withLock { $0 >= limit } }

    /// Reserves octets; false, and nothing reserved, when they would pass the limit.
    public func reserve(_ count: Int) -> Bool {
        used.withLock { value in
            let (sum, overflow) = value.addingReportingOverflow(max(0, count))
            guard !overflow, sum <= limit else { return false }
            value = sum
            return true
        }
    }

    /// Gives back what was reserved.
    public func release(_ count: Int) {
        used.withLock { $0 = max(0, $0 - max(0, count)) }
    }
}
