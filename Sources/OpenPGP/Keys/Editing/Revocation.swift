import Libcrypto

/// Why something is revoked (RFC 9580 section 5.2.3.31).
public struct Revocation: Sendable, Hashable {
    /// The reason, for programs. Only `superseded`, `retired` and `userIDInvalid` leave older signatures valid.
    public var reason: RevocationReason
    /// The reason, for people; may be empty. At most 1024 octets.
    public var text: String

    /// Makes a reason.
    public init(_ reason: RevocationReason = .unspecified, text: String = "") {
        self.reason = reason
        self.text = text
    }

    func subpacket() throws -> Subpacket {
        guard text.utf8.count <= 1024 else {
            throw OpenPGPError(.invalidArgument, "the text of a revocation must not be longer than 1024 octets")
        }
        return Subpacket(.reasonForRevocation, [reason.rawValue] + Array(text.utf8))
    }
}

extension SecretCertificate {
    /// The key, revoked as a whole.
    ///
    /// - Throws: `secretUnavailable` where the primary secret part is locked or not here, `invalidArgument`.
    public func revoked(_ revocation: Revocation, at time: Timestamp) throws -> SecretCertificate {
        try edited(at: time) { editor in
            var builder = try editor.builder(.keyRevocation)
            builder.hashed.append(try revocation.subpacket())
            try editor.addDirect(builder)
        }
    }

    /// A certificate that revokes the key once it is published, to be made in good time and kept apart: for version 4
    /// the signature alone, for later versions the primary key and the signature (RFC 9580 section 10.1.2 and 10.1.3).
    ///
    /// - Returns: armored text.
    public func revocationCertificate(_ revocation: Revocation, at time: Timestamp) throws -> [UInt8] {
        let editor = try CertificateEditor(self, at: time)
        var builder = try editor.builder(.keyRevocation)
        builder.hashed.append(try revocation.subpacket())
        let signature = try editor.sign(builder, over: .key(editor.primary))
        var packets: [UInt8] = []
        if editor.primary.version > 4 {
            PacketWriter.write(.publicKey, body: editor.primary.serializedBody, into: &packets)
        }
        PacketWriter.write(.signature, body: signature.serializedBody, into: &packets)
        return Armor.encode(packets, kind: .publicKey)
    }

    /// The key with one of its subkeys revoked.
    ///
    /// - Throws: `invalidArgument` where there is no such subkey, `secretUnavailable`.
    public func revokingSubkey(
        _ subkey: Fingerprint, _ revocation: Revocation, at time: Timestamp
    ) throws -> SecretCertificate {
        let index = try subkeyIndex(subkey)
        return try edited(at: time) { editor in
            var builder = try editor.builder(.subkeyRevocation)
            builder.hashed.append(try revocation.subpacket())
            try editor.add(builder, toSubkey: index)
        }
    }

    /// The key with one of its user IDs revoked. `RevocationReason.userIDInvalid` is the reason meant for that.
    ///
    /// - Throws: `invalidArgument` where there is no such user ID, `secretUnavailable`.
    public func revokingUserID(
        _ userID: UserID, _ revocation: Revocation = Revocation(.userIDInvalid), at time: Timestamp
    ) throws -> SecretCertificate {
        guard let index = certificate.userIDs.firstIndex(where: { $0.userID == userID }) else {
            throw OpenPGPError(.invalidArgument, "the key has no such user ID")
        }
        return try edited(at: time) { editor in
            var builder = try editor.builder(.certificationRevocation)
            builder.hashed.append(try revocation.subpacket())
            try editor.add(builder, toUserID: index)
        }
    }

    func subkeyIndex(_ fingerprint: Fingerprint) throws -> Int {
        guard let index = certificate.subkeys.firstIndex(where: { $0.key.fingerprint == fingerprint }) else {
            throw OpenPGPError(.invalidArgument, "the key has no subkey \(fingerprint.hex)")
        }
        return index
    }
}

extension Certificate {
    /// The certificate with a revocation that stood alone, as `SecretCertificate.revocationCertificate` and gpg's
    /// `--gen-revoke` make it.
    ///
    /// - Parameter bytes: binary or armored.
    /// - Throws: `badSignature` where nothing in it revokes this certificate.
    public func merged(withRevocation bytes: [UInt8]) throws -> Certificate {
        let blocks = Armor.isArmored(bytes) ? try Armor.decode(bytes).map(\.bytes) : [bytes]
        var changed = content.parts
        var isFound = false
        for block in blocks {
            var reader = PacketReader(block)
            while let packet = try reader.next() {
                guard packet.tag == .signature, let signature = try? Signature(parsingBody: packet.body),
                    signature.type == .keyRevocation,
                    let value = signature.digestValue(over: .key(primaryKey)),
                    (try? signature.verify(digestValue: value, with: primaryKey)) ?? false
                else { continue }
                changed.direct.add([signature], primary: fingerprint)
                isFound = true
            }
        }
        guard isFound else { throw OpenPGPError(.badSignature, "nothing here revokes key \(fingerprint.hex)") }
        return Certificate(changed)
    }
}
