/// The parts of a certificate that signatures stand behind, and which signature belongs where.
extension CertificateParts {
    /// One part.
    enum Place: Hashable {
        case direct
        case userID(Int)
        case userAttribute(Int)
        case subkey(Int)
    }

    /// All parts, in the order of the packets.
    var places: [Place] {
        [.direct] + userIDs.indices.map(Place.userID) + userAttributes.indices.map(Place.userAttribute)
            + subkeys.indices.map(Place.subkey)
    }

    /// The signatures behind a part.
    subscript(place: Place) -> ComponentSignatures {
        get {
            switch place {
            case .direct: direct
            case .userID(let index): userIDs[index].signatures
            case .userAttribute(let index): userAttributes[index].signatures
            case .subkey(let index): subkeys[index].signatures
            }
        }
        set {
            switch place {
            case .direct: direct = newValue
            case .userID(let index): userIDs[index].signatures = newValue
            case .userAttribute(let index): userAttributes[index].signatures = newValue
            case .subkey(let index): subkeys[index].signatures = newValue
            }
        }
    }

    /// What signatures behind a part cover.
    func object(at place: Place) -> SignedObject {
        switch place {
        case .direct: .key(primaryKey)
        case .userID(let index): .userID(userIDs[index].userID.bytes, of: primaryKey)
        case .userAttribute(let index): .userAttribute(userAttributes[index].body, of: primaryKey)
        case .subkey(let index): .subkey(subkeys[index].key, of: primaryKey)
        }
    }

    /// Whether signatures of a type stand behind a part of this kind.
    private static func belongs(_ type: SignatureType, at place: Place) -> Bool {
        switch place {
        case .direct: type == .directKey || type == .keyRevocation
        case .userID, .userAttribute: type.isCertification || type == .certificationRevocation
        case .subkey: type == .subkeyBinding || type == .subkeyRevocation
        }
    }

    /// Most tries to find the right place of misplaced signatures.
    private static let maximumTries = 1000

    /// Moves the key's own signatures behind the part that they cover. Key servers mix them up, and a revocation in the
    /// wrong place must not be overlooked. Where there are too many to be sorted out, all stay.
    mutating func putRight() {
        var budget = VerificationBudget()
        var tries = 0
        var moves: [(signature: Signature, from: Place, to: Place)] = []
        let places = places
        for place in places {
            for signature in self[place].signatures where signature.mayBeIssued(by: primaryKey.fingerprint) {
                if Self.belongs(signature.type, at: place) {
                    guard let fits = budget.fits(signature, object(at: place)) else { return }
                    if fits { continue }
                }
                for other in places where other != place && Self.belongs(signature.type, at: other) {
                    tries += 1
                    guard tries <= Self.maximumTries, let fits = budget.fits(signature, object(at: other)) else {
                        return
                    }
                    guard fits else { continue }
                    moves.append((signature, place, other))
                    break
                }
            }
        }
        for move in moves {
            self[move.from].signatures.removeAll { $0 == move.signature }
            self[move.to].add([move.signature], primary: primaryKey.fingerprint)
        }
    }
}
