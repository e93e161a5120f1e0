import Libcrypto

/// What a new subkey is made of.
public enum SubkeyAlgorithm: Sendable, CaseIterable {
    /// Ed25519 in the form of version 4 keys, to sign.
    case ed25519Legacy
    /// X25519 in the form of version 4 keys, to encrypt.
    case curve25519Legacy
}

extension SecretCertificate {
    /// The key with a fresh subkey, whose secret part is open.
    ///
    /// - Parameters:
    ///   - algorithm: what it is made of. The primary key may be of any other.
    ///   - flags: what it is for; nil for all that the algorithm can.
    ///   - expiration: seconds after `time` when it ends; nil for never.
    /// - Throws: `invalidArgument` where the algorithm cannot do what the flags say, `secretUnavailable`.
    public func addingSubkey(
        _ algorithm: SubkeyAlgorithm, flags: KeyFlags? = nil, expiration: UInt32? = nil, at time: Timestamp
    ) throws -> SecretCertificate {
        let pair = try KeyPair.generate(algorithm, at: time)
        let able: KeyFlags = pair.key.algorithm.canSign ? [.sign, .authenticate] : .encrypt
        let flags = flags ?? (pair.key.algorithm.canSign ? .sign : .encrypt)
        guard !flags.isEmpty, flags.isSubset(of: able), expiration != 0 else {
            throw OpenPGPError(.invalidArgument, "a subkey of \(pair.key.algorithm) cannot do what the flags say")
        }
        var editor = try CertificateEditor(self, at: time)
        let with = SecretCertificate(
            certificate: certificate,
            secrets: secrets.merging([pair.key.fingerprint: SecretKeyMaterial(open: pair.secret)]) { $1 })
        var builder = try editor.builder(.subkeyBinding)
        builder.hashed.append(Subpacket(.keyFlags, [flags.rawValue]))
        try with.rebind(editor.append(subkey: pair.key), with: builder.lasting(expiration), in: &editor)
        return SecretCertificate(certificate: Certificate(editor.parts), secrets: with.secrets)
    }

    /// Binds a subkey, with a back-signature where it may sign: else anybody could adopt the signing key of another.
    func rebind(_ index: Int, with builder: SignatureBuilder, in editor: inout CertificateEditor) throws {
        var builder = builder
        let subkey = editor.parts.subkeys[index].key
        let flags = builder.hashed.last { $0.type == .keyFlags }.map { KeyFlags(rawValue: $0.body.first ?? 0) }
        if subkey.algorithm.canSign, !(flags ?? .sign).isDisjoint(with: [.sign, .certify]) {
            builder.hashed.append(Subpacket(.embeddedSignature, try backSignature(of: subkey, like: builder, editor)))
        }
        try editor.add(builder, toSubkey: index)
    }

    private func backSignature(
        of subkey: PublicKey, like binding: SignatureBuilder, _ editor: CertificateEditor
    ) throws -> [UInt8] {
        guard let handle = try handle(of: subkey) else {
            throw OpenPGPError(
                .secretUnavailable, "the secret part of signing subkey \(subkey.fingerprint.hex) is locked or not here")
        }
        let builder = try SignatureBuilder(.primaryKeyBinding, creation: editor.time, issuer: subkey)
        return try builder.sign(over: .subkey(subkey, of: editor.primary), key: subkey, handle: handle).serializedBody
    }
}
