import Libcrypto

/// What a certification of somebody else's user ID says (RFC 9580 section 5.2.1.4 and 5.2.3).
public struct CertificationOptions: Sendable, Hashable {
    /// How far the certified key may itself certify others (RFC 9580 section 5.2.3.21).
    public struct Trust: Sendable, Hashable {
        /// Steps: 0 for an ordinary certification, 1 for an introducer.
        public var depth: UInt8
        /// 60 for partial, 120 for complete trust.
        public var amount: UInt8

        /// Makes a degree of trust.
        public init(depth: UInt8, amount: UInt8) {
            self.depth = depth
            self.amount = amount
        }
    }

    /// Whether others may see it.
    public var isExportable = true
    /// Seconds after which it ends; nil for never.
    public var expiration: UInt32?
    /// nil for an ordinary certification.
    public var trust: Trust?
    /// Remarks for programs.
    public var notations: [Notation] = []
    /// Whether only user IDs that the key itself certifies are taken.
    public var requiresSelfSignature = true

    /// An exportable certification without an end.
    public init() {}
}

extension SecretCertificate {
    /// Another certificate with this key's word that user IDs belong to it.
    ///
    /// - Throws: `invalidArgument` for a user ID that the certificate does not have or, where that is asked for, does not
    ///   certify itself; `noUsableKey` where this key or the certificate is revoked, expired or may not certify;
    ///   `secretUnavailable`.
    public func certifying(
        _ userIDs: [UserID], of other: Certificate, options: CertificationOptions = CertificationOptions(),
        at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) throws -> Certificate {
        let own = certificate.keyStatuses(at: time, policy: policy)
        guard let status = own.first, status.validity.isValid, status.flags.contains(.certify) else {
            throw OpenPGPError(.noUsableKey, "key \(fingerprint.hex) may not certify now")
        }
        if options.requiresSelfSignature, !other.validity(at: time, policy: policy).isValid {
            throw OpenPGPError(.noUsableKey, "certificate \(other.fingerprint.hex) is not valid now")
        }
        let certified = Set(other.validUserIDs(at: time, policy: policy))
        let editor = try CertificateEditor(self, at: time)
        var parts = other.content.parts
        for userID in userIDs {
            if options.requiresSelfSignature, !certified.contains(userID) {
                throw OpenPGPError(.invalidArgument, "the certificate does not certify this user ID itself")
            }
            var builder = try editor.builder(.genericCertification)
            builder.hashed += try options.subpackets()
            let signature = try editor.sign(builder, over: .userID(userID.bytes, of: other.primaryKey))
            if let index = parts.userIDs.firstIndex(where: { $0.userID == userID }) {
                parts.userIDs[index].signatures.add([signature], primary: other.fingerprint)
            } else {
                var component = UserIDComponent(userID: userID)
                component.signatures.signatures = [signature]
                parts.userIDs.append(component)
            }
        }
        return Certificate(parts)
    }
}

extension CertificationOptions {
    fileprivate func subpackets() throws -> [Subpacket] {
        var result: [Subpacket] = []
        if !isExportable { result.append(Subpacket(.exportableCertification, critical: true, [0])) }
        if let expiration {
            result.append(Subpacket(.signatureExpirationTime, critical: true, Subpacket.octets(of: expiration)))
        }
        if let trust { result.append(Subpacket(.trustSignature, [trust.depth, trust.amount])) }
        for notation in notations { result.append(try notation.subpacket()) }
        return result
    }
}
