import COpenSSL
import Libcrypto

/// PrivateKeyInfo (RFC 5208) and the two structures that older programs write without it. Read by hand: libcrypto's
/// decoders leave copies of the numbers in freed memory.
enum PrivateKeyInfo {
    enum Form { case info, locked, traditionalRSA, traditionalEC }

    /// Which structure the octets are, by the types of its first two elements.
    static func form(of der: SecretBytes) throws -> Form {
        try der.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            guard outer.isAtEnd else { throw DERReader.malformed }
            let first = try inner.next(bytes).tag
            switch (first, inner.peek(bytes)) {
            case (DERReader.Tag.sequence, DERReader.Tag.octetString): return .locked
            case (DERReader.Tag.integer, DERReader.Tag.sequence): return .info
            case (DERReader.Tag.integer, DERReader.Tag.octetString): return .traditionalEC
            case (DERReader.Tag.integer, DERReader.Tag.integer): return .traditionalRSA
            default: throw CMSError(.unexpectedData, "the data is no private key")
            }
        }
    }

    static func wrap(rsa key: SecretBytes) -> SecretBytes {
        wrap(key, algorithm: DER.algorithm(.rsaEncryption, DER.null))
    }

    /// The curve moves from the key into the algorithm.
    static func wrap(ec key: SecretBytes) throws -> SecretBytes {
        let curve: [UInt8] = try key.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            _ = try inner.next(bytes)
            _ = try inner.next(bytes)
            return bytes.copy(try inner.take(DERReader.Tag.context(0), bytes))
        }
        return wrap(ec: key, curve: curve)
    }

    /// `curve` is the OBJECT IDENTIFIER element.
    static func wrap(ec key: SecretBytes, curve: [UInt8]) -> SecretBytes {
        wrap(key, algorithm: DER.algorithm(.ecPublicKey, curve))
    }

    private static func wrap(_ key: SecretBytes, algorithm: [UInt8]) -> SecretBytes {
        SecretDER.element(
            DERReader.Tag.sequence,
            secret: [
                SecretBytes(copying: [2, 1, 0] + algorithm),
                SecretDER.element(DERReader.Tag.octetString, secret: [key]),
            ])
    }

    /// The key in a PrivateKeyInfo. Throws `malformed`, `unsupported`.
    static func read(_ info: SecretBytes) throws -> KeyOwner {
        let (algorithm, parameters, range) = try info.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            guard outer.isAtEnd, let version = try inner.takeSmallInteger(bytes), version <= 1 else {
                throw DERReader.malformed
            }
            var algorithm = DERReader(try inner.take(DERReader.Tag.sequence, bytes))
            let identifier = ObjectID(contents: bytes.copy(try algorithm.take(DERReader.Tag.objectIdentifier, bytes)))
            let parameters = algorithm.isAtEnd ? [] : bytes.copy(try algorithm.next(bytes).whole)
            return (identifier, parameters, try inner.take(DERReader.Tag.octetString, bytes))
        }
        guard let key = info.slice(range) else { throw DERReader.malformed }
        do {
            switch algorithm {
            case .rsaEncryption: return try rsa(key, "RSA")
            case .rsaPSS:
                guard parameters.isEmpty else {
                    throw CMSError(.unsupported, "RSA-PSS keys with restrictions are not supported")
                }
                return try rsa(key, "RSA-PSS")
            case .ecPublicKey: return try ec(key, parameters)
            default: break
            }
            guard let edwards = KeyIdentifiers.edwards.first(where: { $0.identifier == algorithm }) else {
                throw CMSError(.unsupported, "the algorithm of the private key is not supported")
            }
            let seed: Range<Int> = try key.withBytes { bytes in
                var reader = DERReader(0..<bytes.count)
                return try reader.take(DERReader.Tag.octetString, bytes)
            }
            guard let octets = key.slice(seed) else { throw DERReader.malformed }
            return try KeyOwner.raw(edwards.name, privateKey: octets)
        } catch is LibcryptoError {
            throw CMSError.library(.malformed, "the numbers of the private key do not belong together")
        }
    }

    private static func rsa(_ key: SecretBytes, _ name: String) throws -> KeyOwner {
        let ranges: [Range<Int>] = try key.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            guard try inner.takeSmallInteger(bytes) == 0 else {
                throw CMSError(.unsupported, "RSA keys of more than two primes are not supported")
            }
            return try (0..<8).map { _ in
                let content = try inner.take(DERReader.Tag.integer, bytes)
                guard let start = content.first(where: { bytes[$0] != 0 }), bytes[content.lowerBound] < 0x80 else {
                    throw DERReader.malformed
                }
                return start..<content.upperBound
            }
        }
        let numbers = ranges.compactMap { key.slice($0) }
        guard numbers.count == 8, numbers[0].count <= 2048, numbers[1].count <= 8,
            numbers.dropFirst(2).allSatisfy({ $0.count <= numbers[0].count })
        else { throw CMSError(.unsupported, "an RSA key of this size is not supported") }
        let modulus = numbers[0].withBytes { $0.copy(0..<$0.count) }
        let exponent = numbers[1].withBytes { $0.copy(0..<$0.count) }
        guard
            try PrivateKeyHandle.belongTogether(
                n: modulus, e: exponent, d: numbers[2], p: numbers[4], q: numbers[3], u: numbers[7])
        else { throw CMSError(.malformed, "the numbers of the private key do not belong together") }
        var parameters = Parameters()
        parameters.number("n", modulus)
        parameters.number("e", exponent)
        parameters.number("d", numbers[2])
        parameters.number("rsa-factor1", numbers[3])
        parameters.number("rsa-factor2", numbers[4])
        parameters.number("rsa-exponent1", numbers[5])
        parameters.number("rsa-exponent2", numbers[6])
        parameters.number("rsa-coefficient1", numbers[7])
        return try KeyOwner.make(name, isPrivate: true, parameters)
    }

    private static func ec(_ key: SecretBytes, _ curve: [UInt8]) throws -> KeyOwner {
        guard
            let name = KeyIdentifiers.curves.first(where: { DER.objectID($0.identifier) == curve })?
                .name
        else { throw CMSError(.unsupported, "the curve of the private key is not supported") }
        let (scalarRange, point): (Range<Int>, [UInt8]?) = try key.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            guard try inner.takeSmallInteger(bytes) == 1 else { throw DERReader.malformed }
            let scalar = try inner.take(DERReader.Tag.octetString, bytes)
            if let named = try inner.takeOptional(DERReader.Tag.context(0), bytes), !bytes.equals(named, curve) {
                throw DERReader.malformed
            }
            guard let wrapped = try inner.takeOptional(DERReader.Tag.context(1), bytes) else {
                guard inner.isAtEnd else { throw DERReader.malformed }
                return (scalar, nil)
            }
            var string = DERReader(wrapped)
            let bits = bytes.copy(try string.take(DERReader.Tag.bitString, bytes))
            guard bits.first == 0 else { throw DERReader.malformed }
            return (scalar, Array(bits.dropFirst()))
        }
        guard let scalar = key.slice(scalarRange), scalar.count > 0, scalar.count <= 66 else {
            throw DERReader.malformed
        }
        var parameters = Parameters()
        parameters.text("group", name)
        parameters.octets("pub", try point ?? publicPoint(scalar, curve: name))
        parameters.number("priv", scalar)
        let owner = try KeyOwner.make("EC", isPrivate: true, parameters)
        try owner.withContext { context in
            guard EVP_PKEY_pairwise_check(context) == 1 else {
                throw CMSError.library(.malformed, "the numbers of the private key do not belong together")
            }
        }
        return owner
    }

    /// The public point, which the structure may leave out.
    private static func publicPoint(_ scalar: SecretBytes, curve: String) throws -> [UInt8] {
        let group = EC_GROUP_new_by_curve_name_ex(LibraryContext.shared, nil, OBJ_sn2nid(curve))
        let number = scalar.withPointer { BN_bin2bn($0, Int32(scalar.count), nil) }
        defer {
            EC_GROUP_free(group)
            BN_clear_free(number)
        }
        guard let group, let number, let point = EC_POINT_new(group) else { throw CMSError.exhausted("EC_POINT_new") }
        defer { EC_POINT_clear_free(point) }
        var output = [UInt8](repeating: 0, count: 140)
        guard EC_POINT_mul(group, point, number, nil, nil, nil) == 1 else { throw CMSError.exhausted("EC_POINT_mul") }
        let count = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &output, output.count, nil)
        guard count > 0 else { throw CMSError.library(.malformed, "the private key has no public point") }
        return Array(output.prefix(count))
    }
}
