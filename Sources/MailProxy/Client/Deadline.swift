/// A point in time by which everything has to be done, on a clock that only goes forward.
public struct Deadline: Sendable, Equatable {
    private let instant: ContinuousClock.Instant?

    /// Never.
    public static let none = Deadline(instant: nil)

    private init(instant: ContinuousClock.Instant?) { self.instant = instant }

    public init(seconds: Double) { instant = .now + .seconds(max(0, seconds)) }

    /// Seconds left, 0 once it has passed, infinity where there is no end.
    public var remaining: Double {
        guard let instant else { return .infinity }
        return max(0, (instant - .now) / .seconds(1))
    }
}
