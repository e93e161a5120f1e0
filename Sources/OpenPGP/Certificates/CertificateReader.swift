/// Sorts packets into certificates, with the secret parts beside them (RFC 9580 sections 10.1 and 10.2).
struct CertificateReader {
    /// One certificate as found.
    struct Found {
        var parts: CertificateParts
        var secrets: [Fingerprint: SecretKeyMaterial] = [:]
    }

    private enum Place { case direct, userID, userAttribute, subkey, unknown, skipping }

    private(set) var found: [Found] = []
    private(set) var problems: [OpenPGPError] = []
    private var places: [PublicKey: Int] = [:]
    private var current: Found?
    private var place: Place = .skipping

    /// Most problems reported of one input.
    private static let maximumProblems = 1000

    /// Reads all certificates from binary or armored octets.
    static func read(_ bytes: [UInt8]) throws -> CertificateReader {
        var reader = CertificateReader()
        if Armor.isArmored(bytes) {
            var blocks = try Armor.decode(bytes)
            guard !blocks.isEmpty else { throw OpenPGPError(.unexpectedData, "there is neither armor nor a packet") }
            for index in blocks.indices {
                reader.read(packets: blocks[index].bytes)
                if blocks[index].kind != .publicKey { Wipe.wipe(&blocks[index].bytes) }
            }
        } else {
            reader.read(packets: bytes)
        }
        return reader
    }

    private mutating func read(packets bytes: [UInt8]) {
        var packets = PacketReader(bytes)
        do {
            while let packet = try packets.next() {
                do {
                    try take(packet)
                } catch let error as OpenPGPError {
                    report(OpenPGPError(error.code, error.message, offset: packet.offset))
                }
            }
        } catch let error as OpenPGPError {
            report(error)
        } catch {
            report(OpenPGPError(.malformed, "a packet is not readable"))
        }
        close()
    }

    private mutating func report(_ error: OpenPGPError) {
        if problems.count < Self.maximumProblems { problems.append(error) }
    }

    private mutating func close() {
        if var certificate = current {
            if let index = places[certificate.parts.primaryKey] {
                // A key ring may hold two states of one key.
                found[index].parts = found[index].parts.merged(with: certificate.parts)
                found[index].secrets.merge(certificate.secrets) { $0.better(than: $1) }
            } else {
                certificate.parts = certificate.parts.normalized()
                places[certificate.parts.primaryKey] = found.count
                found.append(certificate)
            }
        }
        current = nil
        place = .skipping
    }

    private mutating func take(_ packet: RawPacket) throws {
        switch packet.tag {
        case .publicKey, .secretKey:
            close()
            let (key, secret) = try Self.key(packet)
            current = Found(parts: CertificateParts(primaryKey: key))
            if let secret { current?.secrets[key.fingerprint] = secret }
            place = .direct
        case .marker, .trust, .padding: return
        case .signature: try takeSignature(packet)
        case .userID:
            guard current != nil else { return try misplaced(packet) }
            current?.parts.userIDs.append(UserIDComponent(userID: UserID(bytes: Array(packet.body))))
            place = .userID
        case .userAttribute:
            guard current != nil else { return try misplaced(packet) }
            current?.parts.userAttributes.append(UserAttributeComponent(body: Array(packet.body)))
            place = .userAttribute
        case .publicSubkey, .secretSubkey:
            guard current != nil else { return try misplaced(packet) }
            do {
                let (key, secret) = try Self.key(packet)
                current?.parts.subkeys.append(SubkeyComponent(key: key))
                if let secret { current?.secrets[key.fingerprint] = secret }
                place = .subkey
            } catch {
                // A secret subkey that is not readable must not be kept outside of SecretBytes.
                place = .skipping
                if packet.tag == .publicSubkey { keepUnknown(packet) }
                throw error
            }
        case .publicKeyEncryptedSessionKey, .symmetricKeyEncryptedSessionKey, .onePassSignature, .compressedData,
            .symmetricallyEncryptedData, .literalData, .symmetricallyEncryptedIntegrityProtectedData,
            .modificationDetectionCode, .gnupgAEADData:
            close()
            throw OpenPGPError(.unexpectedData, "\(packet.tag) has no place among certificates")
        default:
            guard current != nil else { return try misplaced(packet) }
            keepUnknown(packet)
        }
    }

    private mutating func keepUnknown(_ packet: RawPacket) {
        current?.parts.unknown.append(UnknownComponent(tag: packet.tag, body: Array(packet.body)))
        place = .unknown
    }

    private mutating func misplaced(_ packet: RawPacket) throws {
        place = .skipping
        // Behind a key of an unreadable version everything is skipped; that was reported once.
        if problems.isEmpty { throw OpenPGPError(.unexpectedData, "\(packet.tag) stands before any key") }
    }

    private mutating func takeSignature(_ packet: RawPacket) throws {
        guard current != nil, place != .skipping else {
            if current == nil { return try misplaced(packet) }
            return
        }
        let body = Array(packet.body)
        if place == .unknown {
            let last = (current?.parts.unknown.count ?? 0) - 1
            if last >= 0 { current?.parts.unknown[last].signatures.append(body) }
            return
        }
        let signature: Signature
        do {
            signature = try Signature(parsingBody: body)
        } catch {
            update { $0.opaque.append(body) }
            throw error
        }
        // These two say themselves that they belong to the primary key, wherever a key server put them.
        if signature.type == .keyRevocation || signature.type == .directKey {
            current?.parts.direct.signatures.append(signature)
        } else {
            update { $0.signatures.append(signature) }
        }
    }

    private mutating func update(_ change: (inout ComponentSignatures) -> Void) {
        guard var certificate = current else { return }
        current = nil
        switch place {
        case .direct: change(&certificate.parts.direct)
        case .userID:
            if let last = certificate.parts.userIDs.indices.last { change(&certificate.parts.userIDs[last].signatures) }
        case .userAttribute:
            if let last = certificate.parts.userAttributes.indices.last {
                change(&certificate.parts.userAttributes[last].signatures)
            }
        case .subkey:
            if let last = certificate.parts.subkeys.indices.last { change(&certificate.parts.subkeys[last].signatures) }
        case .unknown, .skipping: break
        }
        current = certificate
    }

    private static func key(_ packet: RawPacket) throws -> (PublicKey, SecretKeyMaterial?) {
        guard packet.tag == .secretKey || packet.tag == .secretSubkey else {
            return (try PublicKey(parsingBody: packet.body), nil)
        }
        var reader = ByteReader(packet.body, subject: "secret key packet")
        let key = try PublicKey.read(from: &reader)
        if case .unknown = key.parameters {
            throw OpenPGPError(.unsupportedAlgorithm, "secret keys of \(key.algorithm) are not supported")
        }
        return (key, try SecretKeyMaterial(reading: &reader, of: key))
    }
}
