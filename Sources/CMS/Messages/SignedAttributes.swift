import Libcrypto

/// The attributes that a signer signed (RFC 5652 section 5.3).
struct SignedAttributes: Sendable {
    /// What the signature covers: the attributes under the tag of SET.
    let signedEncoding: [UInt8]
    /// Encodings of the values of each attribute, in the order of the message.
    private let entries: [(id: ObjectID, values: [[UInt8]])]

    private static let maximumCount = 64

    init(_ inside: BERReader, _ content: [UInt8]) throws {
        signedEncoding = DER.element(0x31, content)
        var reader = inside
        var entries: [(ObjectID, [[UInt8]])] = []
        while !reader.isAtEnd {
            var attribute = try reader.inside(reader.next(0x30, "attribute"))
            let id = try attribute.objectID("attribute")
            var set = try attribute.inside(attribute.next(0x31, "values of an attribute"))
            var values: [[UInt8]] = []
            while !set.isAtEnd {
                values.append(set.encoding(try set.next()))
                guard values.count <= Self.maximumCount else { throw Self.tooMany }
            }
            try attribute.expectEnd("attribute")
            entries.append((id, values))
            guard entries.count <= Self.maximumCount else { throw Self.tooMany }
        }
        self.entries = entries
    }

    private static let tooMany = CMSError(.limitExceeded, "more than \(maximumCount) attributes or values")

    /// The attributes that occur twice, or with any number of values but one although they take one.
    var duplicates: [ObjectID] {
        let single: Set<ObjectID> = [
            .contentType, .messageDigest, .signingTime, .capabilities, .signingCertificateV2,
        ]
        var seen: Set<ObjectID> = []
        var found: [ObjectID] = []
        for (id, values) in entries {
            let isRepeated = !seen.insert(id).inserted || (single.contains(id) && values.count != 1)
            if isRepeated, !found.contains(id) { found.append(id) }
        }
        return found
    }

    /// The only value of an attribute; nil where it is absent or not single.
    private func value(_ id: ObjectID) -> BERReader? {
        let matching = entries.filter { $0.id == id }
        guard matching.count == 1, let values = matching.first?.values, values.count == 1, let value = values.first
        else {
            return nil
        }
        return BERReader(value)
    }

    func has(_ id: ObjectID) -> Bool { entries.contains { $0.id == id } }

    var contentType: ObjectID? {
        guard var reader = value(.contentType) else { return nil }
        return try? reader.objectID("content type")
    }

    var messageDigest: [UInt8]? {
        guard var reader = value(.messageDigest), let element = try? reader.next(0x04, "message digest") else {
            return nil
        }
        return reader.octets(element)
    }

    var capabilities: SMIMECapabilities? {
        guard let reader = value(.capabilities) else { return nil }
        return try? SMIMECapabilities(reader.bytes)
    }

    /// Unix seconds.
    var signingTime: Int64? {
        guard var reader = value(.signingTime), let element = try? reader.next() else { return nil }
        return SigningTime.seconds(tag: element.tag, reader.octets(element))
    }

    /// The certificate hash of the first ESSCertIDv2 (RFC 5035 section 3), and the hash it was made with.
    var certificateHash: (HashAlgorithm, [UInt8])? {
        guard var outer = value(.signingCertificateV2), var list = try? outer.inside(outer.next()),
            var entries = try? list.inside(list.next()), var entry = try? entries.inside(entries.next())
        else { return nil }
        var hash = HashAlgorithm.sha256
        if entry.nextTag == 0x30 {
            guard let named = (try? AlgorithmIdentifier(&entry, "certificate hash"))?.hash else { return nil }
            hash = named
        }
        guard let element = try? entry.next(0x04, "certificate hash") else { return nil }
        return (hash, entry.octets(element))
    }
}

/// The two ASN.1 times, in the one form RFC 5652 section 11.3 allows: seconds and Z.
enum SigningTime {
    static func seconds(tag: UInt8, _ text: [UInt8]) -> Int64? {
        let yearDigits = tag == 0x17 ? 2 : 4
        guard tag == 0x17 || tag == 0x18, text.count == yearDigits + 11, text.last == UInt8(ascii: "Z"),
            text.dropLast().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        func number(_ start: Int, _ count: Int) -> Int64 {
            text[start..<start + count].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        var year = number(0, yearDigits)
        if tag == 0x17 { year += year < 50 ? 2000 : 1900 }
        let fields = stride(from: yearDigits, to: yearDigits + 10, by: 2).map { number($0, 2) }
        let (month, day, hour, minute, second) = (fields[0], fields[1], fields[2], fields[3], fields[4])
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61 else { return nil }
        // A date of the Gregorian calendar to days, with years that begin in March.
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719468
        return days * 86400 + hour * 3600 + minute * 60 + second
    }
}
