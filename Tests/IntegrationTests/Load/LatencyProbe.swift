import Foundation

/// How long the same thing takes, again and again.
struct LatencyProbe {
    /// Milliseconds, sorted.
    let times: [Double]

    /// - Parameters:
    ///   - count: how often at least.
    ///   - go: asked after that many; goes on while it says so.
    init(count: Int, while go: () -> Bool = { false }, _ body: () throws -> Void) rethrows {
        var times: [Double] = []
        let clock = ContinuousClock()
        while times.count < count || go() {
            let time = try clock.measure(body).components
            times.append(Double(time.seconds) * 1000 + Double(time.attoseconds) / 1e15)
        }
        self.times = times.sorted()
    }

    func percentile(_ share: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * share))] }
    var p50: Double { percentile(0.5) }
    var p99: Double { percentile(0.99) }

    /// For people.
    var text: String {
        func shown(_ number: Double) -> String { String(format: "%.2f", number) }
        return "p50 \(shown(p50)) ms, p99 \(shown(p99)) ms, longest \(shown(times.last ?? 0)) ms of \(times.count)"
    }
}
