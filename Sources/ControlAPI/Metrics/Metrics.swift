import Libcrypto

/// What the daemon counts, for `GET /metrics` in the text format of Prometheus. Nothing here names a person.
public final class Metrics: Sendable {
    /// Everything that is counted; the raw value is the name.
    public enum Counter: String, Sendable, CaseIterable {
        case messages = "guardd_messages_total"
        case messageReasons = "guardd_message_reasons_total"
        case messageOctets = "guardd_message_bytes_total"
        case messageMilliseconds = "guardd_message_milliseconds_total"
        case requests = "guardd_http_requests_total"
        case requestMilliseconds = "guardd_http_request_milliseconds_total"
        case errors = "guardd_errors_total"
        case changes = "guardd_changes_total"
        case copies = "guardd_copies_doubtful_total"

        fileprivate var help: String {
            switch self {
            case .messages: "Messages by direction, plan, result and verdict."
            case .messageReasons: "Why messages went as they went, by reason."
            case .messageOctets: "Octets of message bodies seen, by direction."
            case .messageMilliseconds: "Time of messages from MAIL to their end, by direction."
            case .requests: "Requests by operation and HTTP status."
            case .requestMilliseconds: "Time spent on requests by operation."
            case .errors: "Refusals and failures by code."
            case .copies: "Recipients of copies of whom it is not known whether they have one or two, by reason."
            case .changes: "Changes of accounts, keys, certificates, tokens and guests by action and result."
            }
        }
    }

    /// Label values of one counter beyond these are counted as `other`, whatever a stranger may send.
    private static let maximumSeries = 500

    private struct Series: Hashable {
        let counter: Counter
        let labels: String
    }

    private struct State {
        var values: [Series: Int] = [:]
        var series: [Counter: Int] = [:]
        var gauges: [(name: String, help: String, value: @Sendable () -> Int)] = []
    }

    private let state = Lock(State())

    public init() {}

    /// Counts.
    /// - Parameter labels: names and values; values are made plain.
    public func add(_ counter: Counter, _ labels: [(String, String)] = [], by amount: Int = 1) {
        let text = labels.map { "\($0.0)=\"\(Self.plain($0.1))\"" }.joined(separator: ",")
        state.withLock { state in
            var series = Series(counter: counter, labels: text)
            if state.values[series] == nil {
                if state.series[counter, default: 0] < Self.maximumSeries {
                    state.series[counter, default: 0] += 1
                } else {
                    series = Series(
                        counter: counter, labels: labels.map { "\($0.0)=\"other\"" }.joined(separator: ","))
                }
            }
            state.values[series, default: 0] &+= amount
        }
    }

    /// Shows a number that is asked for when somebody looks; it must be there at once.
    public func gauge(_ name: String, _ help: String, value: @escaping @Sendable () -> Int) {
        state.withLock { $0.gauges.append((name, help, value)) }
    }

    /// All of it.
    public var text: String {
        let (values, gauges) = state.withLock { ($0.values, $0.gauges) }
        let byCounter = Dictionary(grouping: values, by: \.key.counter)
        var lines: [String] = []
        for counter in Counter.allCases {
            lines += ["# HELP \(counter.rawValue) \(counter.help)", "# TYPE \(counter.rawValue) counter"]
            let series = (byCounter[counter] ?? []).sorted { $0.key.labels < $1.key.labels }
            lines += series.map { key, value in
                key.labels.isEmpty ? "\(counter.rawValue) \(value)" : "\(counter.rawValue){\(key.labels)} \(value)"
            }
        }
        for gauge in gauges {
            lines += [
                "# HELP \(gauge.name) \(gauge.help)", "# TYPE \(gauge.name) gauge", "\(gauge.name) \(gauge.value())",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func plain(_ value: String) -> String {
        String(
            decoding: value.utf8.prefix(80).map { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C ? $0 : 0x5F },
            as: UTF8.self)
    }
}
