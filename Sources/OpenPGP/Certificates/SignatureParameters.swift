/// The numbers of a signature (RFC 9580 section 5.2.3).
public enum SignatureParameters: Hashable, Sendable {
    case rsa(MPI)
    case dsa(r: MPI, s: MPI)
    case ecdsa(r: MPI, s: MPI)
    case eddsaLegacy(r: MPI, s: MPI)
    /// 64 octets.
    case ed25519([UInt8])
    /// 114 octets.
    case ed448([UInt8])
    /// Everything after the digest prefix, for algorithms that this library does not read.
    case unknown([UInt8])

    static func read(_ algorithm: PublicKeyAlgorithm, from reader: inout ByteReader) throws -> SignatureParameters {
        switch algorithm {
        case .rsa, .rsaSignOnly, .rsaEncryptOnly: return .rsa(try reader.mpi())
        case .dsa: return .dsa(r: try reader.mpi(), s: try reader.mpi())
        case .ecdsa: return .ecdsa(r: try reader.mpi(), s: try reader.mpi())
        case .eddsaLegacy: return .eddsaLegacy(r: try reader.mpi(), s: try reader.mpi())
        case .ed25519: return .ed25519(Array(try reader.take(64)))
        case .ed448: return .ed448(Array(try reader.take(114)))
        default: return .unknown(Array(reader.rest()))
        }
    }

    func serialize(into output: inout [UInt8]) {
        switch self {
        case .rsa(let value): value.serialize(into: &output)
        case .dsa(let r, let s), .ecdsa(let r, let s), .eddsaLegacy(let r, let s):
            r.serialize(into: &output)
            s.serialize(into: &output)
        case .ed25519(let raw), .ed448(let raw), .unknown(let raw): output.append(contentsOf: raw)
        }
    }
}
