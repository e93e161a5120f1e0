import OpenPGP

extension Subcommand {
    static let armor = Subcommand(
        "armor", usage: "[--label={auto|sig|key|cert|message}] <DATA", options: ["--label"]
    ) { arguments in
        try arguments.expectNoPositional()
        let label = try label(try arguments.one("--label"))
        let output = StandardOutput()
        var opening: [UInt8] = []
        var encoder: ArmorEncoder?
        var isDone = false
        func begin() throws {
            isDone = Armor.isArmored(opening)
            if isDone {
                // Armor around armor helps nobody.
                try checkArmor(opening)
                try output.append(opening)
            } else {
                let made = ArmorEncoder(kind: try label ?? ArmorLabel.kind(of: opening))
                try output.append { made.push(opening.span, into: &$0) }
                encoder = made
            }
        }
        try FileReader.standardInput().forEachPiece { piece in
            if isDone { return try output.append(piece) }
            if let encoder { return try output.append { encoder.push(piece, into: &$0) } }
            piece.withUnsafeBufferPointer { opening.append(contentsOf: $0) }
            if opening.count >= ArmorLabel.neededOctets { try begin() }
        }
        if !isDone, encoder == nil { try begin() }
        if let encoder { try output.append { encoder.finish(into: &$0) } }
        try output.finish()
    }

    static let dearmor = Subcommand("dearmor", usage: "<DATA") { arguments in
        try arguments.expectNoPositional()
        let output = StandardOutput()
        let decoder = ArmorDecoder()
        var isBinary: Bool?
        try FileReader.standardInput().forEachPiece { piece in
            let binary = try isBinary ?? ArmorLabel.isBinary(piece)
            isBinary = binary
            if binary {
                try output.append(piece)
            } else if !decoder.isFinished {
                try output.append { try decoder.push(piece, into: &$0) }
            }
        }
        guard let isBinary else { throw Failure(.badData, "there is nothing to read") }
        if !isBinary { try output.append { try decoder.finish(into: &$0) } }
        try output.finish()
    }

    private static func label(_ word: String?) throws -> ArmorKind? {
        switch word {
        case nil, "auto": return nil
        case "sig": return .signature
        case "key": return .privateKey
        case "cert": return .publicKey
        case "message": return .message
        case let word?: throw Failure(.unsupportedOption, "--label=\(word) is not known")
        }
    }

    private static func checkArmor(_ opening: [UInt8]) throws {
        let mark = Array("-----BEGIN PGP ".utf8)
        guard opening.indices.contains(where: { opening[$0...].starts(with: mark) }) else {
            throw Failure(.badData, "the data is neither OpenPGP nor armor")
        }
    }
}

/// What packets are called in armor.
enum ArmorLabel {
    /// Enough to tell signatures from a signed message.
    static let neededOctets = 64 << 10

    static func isBinary(_ piece: Span<UInt8>) throws -> Bool { !Armor.isArmored(piece) }

    static func kind(of opening: [UInt8]) throws -> ArmorKind {
        var reader = PacketStreamReader()
        var position = 0
        var onlySignatures = true
        do {
            while let step = try reader.next(in: opening.span, from: &position) {
                guard case .began(let header) = step else { continue }
                switch header.tag {
                case .signature: continue
                case .marker, .padding: continue
                case .secretKey: return .privateKey
                case .publicKey: return .publicKey
                case .publicKeyEncryptedSessionKey, .symmetricKeyEncryptedSessionKey, .onePassSignature, .literalData,
                    .compressedData, .symmetricallyEncryptedData, .symmetricallyEncryptedIntegrityProtectedData,
                    .gnupgAEADData:
                    return .message
                default: onlySignatures = false
                }
                if !onlySignatures { break }
            }
        } catch let error as OpenPGPError {
            throw Failure(.badData, error.message)
        }
        guard onlySignatures, position > 0 else { throw Failure(.badData, "the data is not OpenPGP") }
        return .signature
    }
}
