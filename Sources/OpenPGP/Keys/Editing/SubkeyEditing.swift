import Libcrypto

extension SecretCertificate {
    /// The key with a fresh subkey, whose secret part is open.
    ///
    /// - Parameters:
    ///   - profile: what it is made of: any of the version of the primary key.
    ///   - flags: what it is for: to sign and authenticate, or to encrypt.
    ///   - expiration: seconds after `time` when it ends; nil for never.
    /// - Throws: `invalidArgument` where one key cannot do all that the flags say or has another version,
    ///   `secretUnavailable`.
    public func addingSubkey(
        _ profile: KeyProfile, flags: KeyFlags = .encrypt, expiration: UInt32? = nil, at time: Timestamp
    ) throws -> SecretCertificate {
        let signs = flags.isSubset(of: [.sign, .authenticate])
        guard !flags.isEmpty, signs || flags.isSubset(of: .encrypt), expiration != 0 else {
            throw OpenPGPError(.invalidArgument, "one subkey cannot do all that the flags say")
        }
        guard profile.version == certificate.primaryKey.version else {
            throw OpenPGPError(
                .invalidArgument, "a subkey of version \(profile.version) does not fit a key of another version")
        }
        let fresh = try FreshKey(profile, signs ? .sign : .encrypt, creation: time)
        var editor = try CertificateEditor(self, at: time)
        let with = SecretCertificate(
            certificate: certificate, secrets: secrets.merging([fresh.key.fingerprint: fresh.secret]) { $1 })
        var builder = try editor.builder(.subkeyBinding)
        builder.hashed.append(Subpacket(.keyFlags, [flags.rawValue]))
        try with.rebind(editor.append(subkey: fresh.key), with: builder.lasting(expiration), in: &editor)
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
