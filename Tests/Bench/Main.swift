import Foundation
import TestSupport

// What guardd costs a mail server: the same mail through a private Postfix without a filter, with a filter that only
// replaces the body, and with guardd, in interleaved rounds so that the noise of the machine hits all alike.

/// One way through Postfix.
struct Variant {
    let name: String
    let port: UInt16
    let login: String?
    let sender: String
    /// The filter whose CPU counts.
    let filter: pid_t?
}

/// One block of messages through one variant.
struct Measurement {
    var rate: Double
    var filterMilliseconds: Double
    var postfixMilliseconds: Double
}

/// Mean and half width of the 95% interval.
func interval(_ values: [Double]) -> (mean: Double, half: Double) {
    let count = Double(values.count)
    guard count > 1 else { return (values.first ?? .nan, .nan) }
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    // Student's t for 95%, two-sided, by degrees of freedom; 9 and more is what runs here.
    let table: [Double] = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13]
    let t = values.count - 2 < table.count ? table[values.count - 2] : 2.0
    return (mean, t * (variance / count).squareRoot())
}

func format(_ value: (mean: Double, half: Double), _ digits: Int) -> String {
    String(format: "%.\(digits)f +- %.\(digits)f", value.mean, value.half)
}

@main
struct Main {
    static func main() throws {
        guard PostfixInstance.isAvailable else {
            say("mta-bench: needs root and postfix")
            exit(1)
        }
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["ROUNDS"].flatMap { Int($0) } ?? 10
        if CommandLine.arguments.dropFirst() == ["split"] { return try SplitBench.run(rounds: rounds) }
        if CommandLine.arguments.dropFirst() == ["lmtp"] { return try ProxyBench.run(rounds: rounds) }
        let sessions = 4

        let sink = try SMTPSink(keepsMessages: false)
        let folder = try TemporaryDirectory("bench", mode: 0o755)
        let noop = try NoopMilter(.replace, socket: folder.file("noop.sock"))
        let keys = try GnuPGHome()
        try keys.generate("to@remote.test")
        try keys.generate("sign@guard.test")
        try keys.generate("plain@guard.test")
        let guardd = GuardDaemon.isAvailable ? try startGuardd(keys) : nil
        defer { guardd?.stop() }

        let originating = ["milter_macro_daemon_name": "ORIGINATING"]
        let postfix = try PostfixInstance(
            services: [
                .init("none"), .init("noop", milters: [noop.socket], settings: originating),
                .init("guardd", milters: guardd.map { [$0.socket] } ?? [], settings: originating),
            ], sink: sink)
        try postfix.start()
        defer { postfix.stop() }
        guard let master = postfix.masterPID else { throw TestFailure("not running") }

        var variants = [
            Variant(name: "no filter", port: postfix.port("none"), login: nil, sender: "plain@guard.test", filter: nil),
            Variant(
                name: "no-op filter", port: postfix.port("noop"), login: nil, sender: "plain@guard.test",
                filter: noop.process.pid),
        ]
        if let guardd {
            for (name, address) in [("guardd encrypt", "plain@guard.test"), ("guardd sign+encrypt", "sign@guard.test")]
            {
                variants.append(
                    Variant(
                        name: name, port: postfix.port("guardd"), login: address, sender: address, filter: guardd.pid))
            }
        } else {
            say("mta-bench: guardd and guardctl are not built beside it, measuring without them")
        }
        say(
            "no-op filter: the same library, answers every step, changes two header fields and hands the body back as it came"
        )

        for (label, size, perSession) in [("2 KiB", 2 << 10, 150), ("64 KiB", 64 << 10, 40), ("1 MiB", 1 << 20, 8)] {
            let body = TestMail.prose(bytes: size)
            var results = [[Measurement]](repeating: [], count: variants.count)
            for round in 0...rounds {
                // The order turns, forwards and backwards, so that no variant always follows the same neighbour.
                let order = variants.indices.map { ($0 + round) % variants.count }
                for index in round.isMultiple(of: 2) ? order : order.reversed() {
                    let one = try run(
                        variants[index], body: body, sessions: sessions, messages: perSession, sink, master)
                    if round > 0 { results[index].append(one) }  // round 0 warms up
                }
            }
            say(
                "\nthrough Postfix, \(label), \(sessions) sessions, \(rounds) interleaved rounds, mean and 95% interval"
            )
            say(
                "variant               messages/s          rate to no-op        at least  CPU ms filter       above no-op         CPU ms Postfix"
            )
            for (index, variant) in variants.enumerated() {
                let own = results[index]
                let ratio = interval(zip(own, results[1]).map { $0.rate / $1.rate })
                let above = zip(own, results[1]).map { $0.filterMilliseconds - $1.filterMilliseconds }
                let cells = [
                    variant.name, format(interval(own.map(\.rate)), 0), format(ratio, 3),
                    String(format: "%.3f", ratio.mean - ratio.half),
                    variant.filter == nil ? "-" : format(interval(own.map(\.filterMilliseconds)), 3),
                    variant.filter == nil ? "-" : format(interval(above), 3),
                    format(interval(own.map(\.postfixMilliseconds)), 2),
                ]
                say(
                    zip(cells, [22, 20, 21, 10, 20, 20, 0]).map {
                        $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0)
                    }.joined())
            }
        }
        if let guardd {
            try memory(guardd, port: postfix.port("guardd"), sink)
            try SplitBench.run(rounds: rounds)
            if DovecotInstance.isAvailable { try ProxyBench.run(rounds: rounds) }
        }
    }

    static func startGuardd(_ keys: GnuPGHome) throws -> GuardDaemon {
        let guardd = try GuardDaemon(
            rules: [
                .init("signed", sender: "sign@guard.test", encrypt: "required", sign: "required", missingKey: "refuse"),
                .init(
                    "encrypted", sender: "plain@guard.test", encrypt: "required", sign: "never", missingKey: "refuse"),
            ])
        try guardd.importPublic(keys.publicKey("to@remote.test"))
        try guardd.importSecret(keys.secretKey("sign@guard.test"))
        try guardd.start()
        return guardd
    }

    /// One block: all messages sent and delivered.
    static func run(
        _ variant: Variant, body: String, sessions: Int, messages: Int, _ sink: SMTPSink, _ master: pid_t
    ) throws -> Measurement {
        let before = sink.count
        let filterBefore = variant.filter.map(ProcessUsage.preciseSeconds) ?? 0
        let postfixBefore = ProcessUsage.treeSeconds(master)
        let mail = TestMail.make(from: variant.sender, to: "to@remote.test", body: body)
        let start = ContinuousClock.now
        let outcome = SMTPLoad.run(
            port: variant.port, login: variant.login, sessions: sessions, messages: messages, sender: variant.sender,
            recipient: "to@remote.test"
        ) { _, _ in mail }
        guard outcome.errors.isEmpty else { throw TestFailure("\(variant.name): \(outcome.errors[0])") }
        let count = sessions * messages
        guard sink.waitForTotal(before + count) else { throw TestFailure("\(variant.name): mail is missing") }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let filter = (variant.filter.map(ProcessUsage.preciseSeconds) ?? 0) - filterBefore
        let postfix = ProcessUsage.treeSeconds(master) - postfixBefore
        return Measurement(
            rate: Double(count) / seconds, filterMilliseconds: filter / Double(count) * 1e3,
            postfixMilliseconds: postfix / Double(count) * 1e3)
    }

    /// Peak memory of a fresh guardd by size of one outbound message.
    static func memory(_ guardd: GuardDaemon, port: UInt16, _ sink: SMTPSink) throws {
        say("\npeak memory of a fresh guardd by message, above its own after one small mail")
        for size in [2 << 10, 64 << 10, 1 << 20, 25 << 20] {
            guardd.stop()
            try guardd.start()
            guard let pid = guardd.pid else { continue }
            for bytes in [1024, size] {
                let mail = TestMail.make(
                    from: "sign@guard.test", to: "to@remote.test", body: TestMail.prose(bytes: bytes))
                let base = ProcessUsage.peakResident(pid)
                let reply = try SMTPClient.submit(
                    port: port, login: "sign@guard.test", from: "sign@guard.test", to: ["to@remote.test"], data: mail)
                guard reply.isPositive else { throw TestFailure("\(reply)") }
                if bytes == size {
                    let above = Double(ProcessUsage.peakResident(pid) - base) / 1_048_576
                    say(String(format: "%8d KiB  %7.2f MiB", size >> 10, above))
                }
            }
        }
    }
}
