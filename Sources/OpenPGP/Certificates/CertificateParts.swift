/// The packets of one certificate, sorted; what `Certificate` is made of.
struct CertificateParts: Sendable, Equatable {
    let primaryKey: PublicKey
    var direct = ComponentSignatures()
    var userIDs: [UserIDComponent] = []
    var userAttributes: [UserAttributeComponent] = []
    var subkeys: [SubkeyComponent] = []
    var unknown: [UnknownComponent] = []

    /// Joins parts that stand twice and drops duplicate signatures.
    func normalized() -> CertificateParts {
        CertificateParts(primaryKey: primaryKey).merged(with: self)
    }

    /// Everything of both; nothing of `self` changes its place.
    func merged(with other: CertificateParts) -> CertificateParts {
        var result = self
        let primary = primaryKey.fingerprint
        result.direct.merge(other.direct, primary: primary)
        var userIDIndex = Self.index(result.userIDs, by: \.userID)
        for component in other.userIDs {
            if let index = userIDIndex[component.userID] {
                result.userIDs[index].signatures.merge(component.signatures, primary: primary)
            } else {
                userIDIndex[component.userID] = result.userIDs.count
                var new = UserIDComponent(userID: component.userID)
                new.signatures.merge(component.signatures, primary: primary)
                result.userIDs.append(new)
            }
        }
        var attributeIndex = Self.index(result.userAttributes, by: \.body)
        for component in other.userAttributes {
            if let index = attributeIndex[component.body] {
                result.userAttributes[index].signatures.merge(component.signatures, primary: primary)
            } else {
                attributeIndex[component.body] = result.userAttributes.count
                var new = UserAttributeComponent(body: component.body)
                new.signatures.merge(component.signatures, primary: primary)
                result.userAttributes.append(new)
            }
        }
        var subkeyIndex = Self.index(result.subkeys, by: \.key)
        for component in other.subkeys {
            if let index = subkeyIndex[component.key] {
                result.subkeys[index].signatures.merge(component.signatures, primary: primary)
            } else {
                subkeyIndex[component.key] = result.subkeys.count
                var new = SubkeyComponent(key: component.key)
                new.signatures.merge(component.signatures, primary: primary)
                result.subkeys.append(new)
            }
        }
        var unknownIndex = Self.index(result.unknown, by: \.body)
        for component in other.unknown {
            if let index = unknownIndex[component.body], result.unknown[index].tag == component.tag {
                result.unknown[index].add(component.signatures)
            } else {
                unknownIndex[component.body] = result.unknown.count
                var new = UnknownComponent(tag: component.tag, body: component.body)
                new.add(component.signatures)
                result.unknown.append(new)
            }
        }
        result.putRight()
        for place in result.places { result[place].dropForgeries(over: result.object(at: place), by: primaryKey) }
        return result
    }

    private static func index<Part, Key: Hashable>(_ parts: [Part], by key: (Part) -> Key) -> [Key: Int] {
        Dictionary(parts.enumerated().map { (key($0.element), $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    /// Packets in the order of RFC 9580 section 10.1.
    func serialize(into output: inout [UInt8]) {
        PacketWriter.write(.publicKey, body: primaryKey.serializedBody, into: &output)
        serializeRest { bytes, subkey in
            output.append(contentsOf: bytes)
            if let subkey { PacketWriter.write(.publicSubkey, body: subkey.serializedBody, into: &output) }
        }
    }

    /// Everything behind the primary key packet, in pieces: octets, and then, except at the end, the subkey whose
    /// packet the caller writes itself.
    func serializeRest(_ write: ([UInt8], PublicKey?) -> Void) {
        var output: [UInt8] = []
        direct.serialize(into: &output)
        for component in userIDs {
            PacketWriter.write(.userID, body: component.userID.bytes, into: &output)
            component.signatures.serialize(into: &output)
        }
        for component in userAttributes {
            PacketWriter.write(.userAttribute, body: component.body, into: &output)
            component.signatures.serialize(into: &output)
        }
        for component in subkeys {
            write(output, component.key)
            output = []
            component.signatures.serialize(into: &output)
        }
        for component in unknown {
            PacketWriter.write(component.tag, body: component.body, into: &output)
            for body in component.signatures { PacketWriter.write(.signature, body: body, into: &output) }
        }
        write(output, nil)
    }
}
