import Libcrypto

extension Subcommand {
    static let version = Subcommand(
        "version", usage: "[--backend|--extended|--sop-spec|--sopv]",
        flags: ["--backend", "--extended", "--sop-spec", "--sopv"]
    ) { arguments in
        try arguments.expectNoPositional()
        let asked = ["--backend", "--extended", "--sop-spec", "--sopv"].filter(arguments.has)
        guard asked.count < 2 else {
            throw Failure(.incompatibleOptions, "\(asked.joined(separator: " and ")) exclude each other")
        }
        let output = StandardOutput()
        switch asked.first {
        case "--backend": output.write("\(LibcryptoVersion.text)\n")
        case "--extended": output.write("\(program)\n\(LibcryptoVersion.text)\n\(specification)\n")
        case "--sop-spec": output.write("\(specification)\n")
        // The part of the interface that only verifies.
        case "--sopv": output.write("1.0\n")
        default: output.write("\(program)\n")
        }
        try output.finish()
    }

    private static let program = "guard-sop 1.0.0"
    private static let specification = "draft-dkg-openpgp-stateless-cli-14"
}
