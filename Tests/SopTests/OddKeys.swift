import Libcrypto
import OpenPGP
import TestSupport

/// A key with its own revocation beside it.
enum RevokedKey {
    static func make(_ key: String, _ revocation: String) throws -> [UInt8] {
        let merged = try SecretCertificate(parsing: try bytes(key))
            .merged(with: try Certificate(parsing: try bytes(revocation)))
        return merged.armored().withBytes { span in span.withUnsafeBufferPointer(Array.init) }
    }

    static func bytes(_ path: String) throws -> [UInt8] { try Shell.check("cat", [path]) }
}

/// A certificate of today with a subkey of tomorrow.
enum ForeignCertificate {
    /// Primary key and user ID of `key`, and a subkey of public-key algorithm 99 that it binds for encryption.
    static func make(from key: String) throws -> [UInt8] {
        let secret = try SecretCertificate(parsing: try RevokedKey.bytes(key))
        let certificate = secret.certificate
        let signer = try secret.signingKey(at: certificate.primaryKey.creation)
        let creation = certificate.primaryKey.creation
        let body: [UInt8] = [4] + octets(creation) + [99] + [UInt8](repeating: 7, count: 40)
        var binding = try SignatureBuilder(.subkeyBinding, creation: creation, issuer: signer.publicKey)
        binding.hashed.append(Subpacket(.keyFlags, [KeyFlags.encrypt.rawValue]))
        let digest = try Digest(.sha512)
        for part in [certificate.primaryKey.serializedBody, body] {
            digest.update([0x99, UInt8(part.count >> 8), UInt8(part.count & 0xFF)])
            digest.update(part)
        }
        let signature = try binding.sign(digest: digest, with: signer)
        var packets: [UInt8] = []
        var reader = PacketReader(certificate.serialized())
        while let packet = try reader.next(), packet.tag != .publicSubkey {
            PacketWriter.write(packet.tag, body: packet.body, into: &packets)
        }
        PacketWriter.write(.publicSubkey, body: body, into: &packets)
        PacketWriter.write(.signature, body: signature.serializedBody, into: &packets)
        return Armor.encode(packets, kind: .publicKey)
    }

    private static func octets(_ time: Timestamp) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: time.seconds >> $0) }
    }
}
