/// The algorithm-specific part of a public key (RFC 9580 section 5.5.5).
public enum PublicKeyParameters: Hashable, Sendable {
    case rsa(n: MPI, e: MPI)
    case dsa(p: MPI, q: MPI, g: MPI, y: MPI)
    case elGamal(p: MPI, g: MPI, y: MPI)
    /// Point with its prefix octet 0x04.
    case ecdsa(curve: Curve, point: MPI)
    /// Point with its prefix octet 0x40 on Ed25519Legacy.
    case eddsaLegacy(curve: Curve, point: MPI)
    /// Point with its prefix octet: 0x04, or 0x40 on Curve25519Legacy.
    case ecdh(curve: Curve, point: MPI, kdf: KDFParameters)
    /// 32 octets.
    case ed25519([UInt8])
    /// 32 octets.
    case x25519([UInt8])
    /// 57 octets.
    case ed448([UInt8])
    /// 56 octets.
    case x448([UInt8])
    /// Everything after the algorithm octet of a key that this library does not read.
    case unknown([UInt8])

    /// Reads the parameters of an algorithm. For unknown ones takes all that is left.
    static func read(_ algorithm: PublicKeyAlgorithm, from reader: inout ByteReader) throws -> PublicKeyParameters {
        switch algorithm {
        case .rsa, .rsaEncryptOnly, .rsaSignOnly: return .rsa(n: try reader.mpi(), e: try reader.mpi())
        case .dsa: return .dsa(p: try reader.mpi(), q: try reader.mpi(), g: try reader.mpi(), y: try reader.mpi())
        case .elGamal, .elGamalLegacy: return .elGamal(p: try reader.mpi(), g: try reader.mpi(), y: try reader.mpi())
        case .ecdsa: return .ecdsa(curve: try curve(&reader), point: try reader.mpi())
        case .eddsaLegacy: return .eddsaLegacy(curve: try curve(&reader), point: try reader.mpi())
        case .ecdh:
            let curve = try curve(&reader)
            let point = try reader.mpi()
            let count = Int(try reader.byte())
            let kdf = Array(try reader.take(count))
            // Exactly this form: the four octets are written back and hashed.
            guard kdf.count == 3, kdf[0] == 1 else { throw reader.malformed("has unreadable ECDH parameters") }
            return .ecdh(
                curve: curve, point: point,
                kdf: KDFParameters(hash: HashID(rawValue: kdf[1]), cipher: SymmetricID(rawValue: kdf[2])))
        case .ed25519: return .ed25519(Array(try reader.take(32)))
        case .x25519: return .x25519(Array(try reader.take(32)))
        case .ed448: return .ed448(Array(try reader.take(57)))
        case .x448: return .x448(Array(try reader.take(56)))
        default: return .unknown(Array(reader.rest()))
        }
    }

    private static func curve(_ reader: inout ByteReader) throws -> Curve {
        let count = Int(try reader.byte())
        guard count != 0, count != 0xFF else { throw reader.malformed("has a reserved curve identifier length") }
        return Curve(oid: Array(try reader.take(count)))
    }

    /// Appends the parameters as a key packet has them.
    func serialize(into output: inout [UInt8]) {
        switch self {
        case .rsa(let n, let e): Self.write([n, e], into: &output)
        case .dsa(let p, let q, let g, let y): Self.write([p, q, g, y], into: &output)
        case .elGamal(let p, let g, let y): Self.write([p, g, y], into: &output)
        case .ecdsa(let curve, let point), .eddsaLegacy(let curve, let point):
            Self.write(curve, point, into: &output)
        case .ecdh(let curve, let point, let kdf):
            Self.write(curve, point, into: &output)
            output.append(contentsOf: kdf.serialized)
        case .ed25519(let raw), .x25519(let raw), .ed448(let raw), .x448(let raw), .unknown(let raw):
            output.append(contentsOf: raw)
        }
    }

    private static func write(_ numbers: [MPI], into output: inout [UInt8]) {
        for number in numbers { number.serialize(into: &output) }
    }

    private static func write(_ curve: Curve, _ point: MPI, into output: inout [UInt8]) {
        output.append(UInt8(truncatingIfNeeded: curve.oid.count))
        output.append(contentsOf: curve.oid)
        point.serialize(into: &output)
    }
}
