import OpenPGP

extension Subcommand {
    static let sign = Subcommand(
        "sign",
        usage: "[--no-armor] [--micalg-out=MICALG] [--with-key-password=PASSWORD...] [--as={binary|text}] [--] "
            + "KEYS... <DATA",
        flags: ["--no-armor"], options: ["--micalg-out", "--with-key-password", "--as"]
    ) { arguments in
        let form = try arguments.form(among: [.binary, .text])
        let now = Timestamp.now()
        let signer = try DetachedSigner(
            keys: try signers(arguments, at: now), mode: form == .text ? .text : .binary, time: now)
        let algorithm = try arguments.one("--micalg-out").map { try OutputFile($0) }
        var check = TextCheck()
        try FileReader.standardInput().forEachPiece { piece in
            if form == .text { try check.push(piece) }
            signer.push(piece)
        }
        try check.finish()
        // Where signatures differ in it there is no one answer, which an empty file says.
        if let hash = signer.hash {
            try algorithm?.write("pgp-" + hash.description.lowercased())
        }
        let output = StandardOutput()
        try output.append(try signer.finish(armor: arguments.armor))
        try output.finish()
        algorithm?.keep()
    }

    static let inlineSign = Subcommand(
        "inline-sign",
        usage: "[--no-armor] [--with-key-password=PASSWORD...] [--as={binary|text|clearsigned}] [--] KEYS... <DATA",
        flags: ["--no-armor"], options: ["--with-key-password", "--as"]
    ) { arguments in
        let form = try arguments.form(among: [.binary, .text, .clearsigned])
        guard form != .clearsigned || arguments.armor else {
            throw Failure(.incompatibleOptions, "text signed in the clear is always armored")
        }
        let now = Timestamp.now()
        let keys = try signers(arguments, at: now)
        let output = StandardOutput()
        var check = TextCheck()
        if form == .clearsigned {
            let signer = try CleartextSigner(keys: keys, time: now)
            try FileReader.standardInput().forEachPiece { piece in
                try check.push(piece)
                try output.append { signer.push(piece, into: &$0) }
            }
            try check.finish()
            try output.append { try signer.finish(into: &$0) }
            return try output.finish()
        }
        let signer = try MessageSigner(
            keys: keys, mode: form == .text ? .text : .binary, armor: arguments.armor, time: now)
        try FileReader.standardInput().forEachPiece { piece in
            if form == .text { try check.push(piece) }
            try output.append { signer.push(piece, into: &$0) }
        }
        try check.finish()
        try output.append { try signer.finish(into: &$0) }
        try output.finish()
    }

    private static func signers(_ arguments: Arguments, at now: Timestamp) throws -> [SigningKey] {
        guard !arguments.positional.isEmpty else { throw Failure(.missingArgument, "no key to sign with") }
        let passwords = try Passwords.known(arguments.all("--with-key-password"))
        return try KeyFiles.signers(arguments.positional, passwords: passwords, at: now)
    }
}
