import Glibc

/// guard-sop beside the other programs of this machine on the same files: what one call costs, from start to end.
struct ProgramBench {
    private static let operations = ["encrypt", "decrypt", "sign", "verify"]
    private static let ours = "guard-sop"

    /// How a program is asked. `@` stands for the folder, `%` for the place of what this program wrote of this size.
    private struct Call {
        var arguments: [String]
        var input: String
        /// What it wrote is what another of its calls reads.
        var output: String?
    }

    private let runs: Int
    private let folder: ScratchFolder
    private let programs: [(name: String, calls: [String: Call])]

    /// nil where guard-sop does not work.
    ///
    /// - Parameter runs: of each program and operation at 2 KiB; at 25 MiB it is a twentieth, at least three.
    init?(runs: Int) {
        guard let folder = ScratchFolder() else { return nil }
        self.runs = runs
        self.folder = folder
        // It would read the key rings of gpg.
        mkdir(folder.file("rnp"), 0o700)
        var own = [CChar](repeating: 0, count: 4096)
        let count = max(0, readlink("/proc/self/exe", &own, own.count - 1))
        let path = String(decoding: own.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let sop = path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + Self.ours
        for name in ["alice", "bob"] {
            let secret = folder.file("\(name).sec")
            guard
                Program.run([sop, "generate-key", "\(name) <\(name)@example.org>"], output: secret) != nil,
                Program.run([sop, "extract-cert"], input: secret, output: folder.file("\(name).pub")) != nil
            else { return nil }
            // Whoever is not here fails again at the first operation and is left out.
            _ = Program.run(Self.gpg(folder) + ["--import", secret])
            _ = Program.run(["rnpkeys", "--homedir", folder.file("rnp"), "--import-key", secret])
        }
        programs = [
            (Self.ours, Self.sop(sop)), ("sqop", Self.sop("sqop")), ("gosop", Self.sop("gosop")),
            ("gpg", Self.gpgCalls(folder)), ("rnp", Self.rnpCalls),
        ]
    }

    private static func sop(_ program: String) -> [String: Call] {
        [
            "encrypt": Call(arguments: [program, "encrypt", "@bob.pub"], input: "@content", output: "%message"),
            "decrypt": Call(arguments: [program, "decrypt", "@bob.sec"], input: "%message"),
            "sign": Call(arguments: [program, "sign", "@alice.sec"], input: "@content", output: "%signature"),
            "verify": Call(arguments: [program, "verify", "%signature", "@alice.pub"], input: "@content"),
        ]
    }

    private static func gpg(_ folder: ScratchFolder) -> [String] {
        ["gpg", "--homedir", folder.path, "--quiet", "--batch", "--no-tty", "--trust-model", "always"]
    }

    private static func gpgCalls(_ folder: ScratchFolder) -> [String: Call] {
        let gpg = gpg(folder)
        return [
            "encrypt": Call(
                arguments: gpg + ["--armor", "--encrypt", "--recipient", "bob@example.org"], input: "@content",
                output: "%message"),
            "decrypt": Call(arguments: gpg + ["--decrypt"], input: "%message"),
            "sign": Call(
                arguments: gpg + ["--armor", "--detach-sign", "--local-user", "alice@example.org"], input: "@content",
                output: "%signature"),
            "verify": Call(arguments: gpg + ["--verify", "%signature", "-"], input: "@content"),
        ]
    }

    private static let rnpCalls: [String: Call] = {
        let rnp = ["rnp", "--homedir", "@rnp", "--password", "", "--output", "-"]
        return [
            "encrypt": Call(
                arguments: rnp + ["--armor", "-z", "0", "--encrypt", "-r", "bob@example.org"], input: "@content",
                output: "%message"),
            "decrypt": Call(arguments: rnp + ["--decrypt"], input: "%message"),
            "sign": Call(
                arguments: rnp + ["--armor", "--sign", "--detach", "-u", "alice@example.org"], input: "@content",
                output: "%signature"),
            "verify": Call(
                arguments: ["rnp", "--homedir", "@rnp", "--verify", "--source", "@content", "%signature"],
                input: "/dev/null"),
        ]
    }()

    func run() {
        print("milliseconds of one call, median; beside them what the fastest other program needs")
        for (label, size, runs) in [("2 KiB", 2 << 10, runs), ("25 MiB", 25 << 20, max(3, runs / 20))] {
            var octets = [UInt8](repeating: 0, count: size)
            for start in stride(from: 0, to: size, by: 256) { getentropy(&octets[start], min(256, size - start)) }
            folder.write("content", octets)
            for operation in Self.operations { row(operation, label, runs) }
        }
    }

    /// One operation: the programs take turns, in another order each time.
    private func row(_ operation: String, _ label: String, _ runs: Int) {
        var times: [String: [Double]] = [:]
        let working = programs.filter { once($0, operation, isFirst: true) != nil }
        for _ in 0..<runs {
            for program in working.shuffled() {
                if let time = once(program, operation, isFirst: false) { times[program.name, default: []].append(time) }
            }
        }
        let medians = times.mapValues { $0.sorted()[$0.count / 2] * 1000 }
        var line = operation.padded(10) + label.padded(8)
        for (name, _) in programs { line += "\(name) \(medians[name]?.text(2) ?? "-")".padded(18) }
        let best = medians.filter { $0.key != Self.ours }.min { $0.value < $1.value }
        if let ours = medians[Self.ours], let best { line += "\((ours / best.value).text(2)) of \(best.key)" }
        print(line)
    }

    private func once(_ program: (name: String, calls: [String: Call]), _ operation: String, isFirst: Bool) -> Double? {
        guard let call = program.calls[operation] else { return nil }
        func place(_ word: String) -> String {
            if word.hasPrefix("@") { return folder.file(String(word.dropFirst())) }
            return word.hasPrefix("%") ? folder.file(program.name + "-" + word.dropFirst()) : word
        }
        let output = isFirst ? call.output.map(place) : nil
        return Program.run(
            call.arguments.map(place), input: place(call.input), output: output ?? "/dev/null")?.wall
    }
}
