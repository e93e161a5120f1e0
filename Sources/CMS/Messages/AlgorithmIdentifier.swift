import Libcrypto

/// An algorithm and its parameters as they stand in a message.
struct AlgorithmIdentifier: Equatable, Sendable {
    let id: ObjectID
    /// The whole element; empty where it is absent.
    let parameters: [UInt8]

    init(_ id: ObjectID, _ parameters: [UInt8] = []) {
        self.id = id
        self.parameters = parameters
    }

    /// Reads the element that comes next; some structures give it another tag than SEQUENCE.
    init(_ reader: inout BERReader, _ name: String, tag: UInt8 = 0x30) throws {
        var inside = try reader.inside(reader.next(tag, name))
        id = try inside.objectID(name)
        parameters = inside.isAtEnd ? [] : inside.encoding(try inside.next())
        try inside.expectEnd(name)
    }

    var encoded: [UInt8] { DER.algorithm(id, parameters) }

    /// The hash it names; nil where it names none. Parameters are absent or NULL.
    var hash: HashAlgorithm? { parameters.isEmpty || parameters == DER.null ? HashAlgorithm(id) : nil }

    /// For MGF1, whose parameter is the hash.
    var maskHash: HashAlgorithm? {
        guard id == .mgf1 else { return nil }
        var reader = BERReader(parameters)
        return (try? AlgorithmIdentifier(&reader, "mask generation"))?.hash
    }

    static func hash(_ hash: HashAlgorithm) throws -> [UInt8] {
        guard let id = hash.objectID else { throw CMSError(.unsupported, "CMS has no name for \(hash)") }
        // RFC 5754 section 2: parameters absent.
        return DER.algorithm(id)
    }

    /// The parameters that RSASSA-PSS and RSAES-OAEP have in common (RFC 4055 sections 3.1 and 4.1).
    static func hashAndMask(_ hash: HashAlgorithm) throws -> [UInt8] {
        guard let id = hash.objectID else { throw CMSError(.unsupported, "CMS has no name for \(hash)") }
        let named = DER.algorithm(id, DER.null)
        return DER.element(0xa0, named) + DER.element(0xa1, DER.algorithm(.mgf1, named))
    }
}
