import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// A certificate as its rows hold it.
struct StoredCertificate {
    var fingerprint: String
    var provenance: Provenance
    var revision: Int64
    var bytes: [UInt8]
    var userIDs: [[UInt8]: Provenance]

    static func fetch(_ fingerprint: String, in connection: any StoreConnection) throws -> StoredCertificate? {
        guard
            let row = try connection.row(Query.certificate, ["fingerprint": SQLValue(fingerprint)])
        else { return nil }
        var userIDs: [[UInt8]: Provenance] = [:]
        for row in try connection.rows(Query.userIDs, ["fingerprint": SQLValue(fingerprint)]) {
            userIDs[try row.blob("user_id")] = Provenance(stored: try row.text("provenance"))
        }
        return StoredCertificate(
            fingerprint: fingerprint, provenance: Provenance(stored: try row.text("provenance")),
            revision: try row.integer("revision"),
            bytes: try row.blob("bytes"), userIDs: userIDs)
    }

    /// What verification may believe. The holder of a key can add any address to it, and a weaker source may bring that
    /// addition: then the stronger provenance is given for a certificate without those user IDs.
    func vouched(_ certificate: Certificate) -> KnownCertificate {
        let isWeak: (UserID) -> Bool = { provenance.isStronger(than: userIDs[$0.bytes] ?? .message) }
        guard certificate.userIDs.contains(where: { isWeak($0.userID) }) else {
            return KnownCertificate(certificate: certificate, provenance: provenance)
        }
        guard let part = certificate.keeping({ !isWeak($0) }) else {
            return KnownCertificate(certificate: certificate, provenance: .message)
        }
        return KnownCertificate(certificate: part, provenance: provenance)
    }

    func parsed() throws -> Certificate {
        do { return try Certificate(parsing: bytes) } catch {
            throw KeyStoreError(
                .corrupt, "certificate \(fingerprint) in the store does not parse (\(error)); import it again")
        }
    }

    /// Writes the certificate with all rows that lookups use.
    static func write(
        _ certificate: Certificate, bytes: [UInt8], provenance: Provenance, userIDs: [[UInt8]: Provenance],
        revision: Int64, now: Int64, in connection: any StoreConnection
    ) throws {
        let fingerprint = certificate.fingerprint.hex
        try connection.execute(
            Query.insertCertificate,
            [
                "fingerprint": SQLValue(fingerprint), "provenance": SQLValue(provenance.rawValue),
                "revision": SQLValue(revision), "now": SQLValue(now),
                "bytes": SQLValue(bytes),
            ])
        try connection.execute(Query.deleteKeys, ["fingerprint": SQLValue(fingerprint)])
        for key in certificate.allKeys {
            try connection.execute(
                Query.insertKey,
                [
                    "fingerprint": SQLValue(fingerprint), "key_fingerprint": SQLValue(key.fingerprint.hex),
                    "key_id": SQLValue(key.keyID.bytes),
                ])
        }
        for component in certificate.userIDs {
            let userID = component.userID
            let address = userID.emailAddress.flatMap { EmailAddress($0) }.flatMap { $0.isDomainMapped ? $0 : nil }
            try connection.execute(
                Query.insertUserID,
                [
                    "fingerprint": SQLValue(fingerprint), "user_id": SQLValue(userID.bytes),
                    "provenance": SQLValue((userIDs[userID.bytes] ?? provenance).rawValue),
                    "local_part": SQLValue(address?.localPart),
                    "local_folded": SQLValue(address.map { AddressFolding.fold($0.localPart) }),
                    "domain": SQLValue(address?.domain),
                ])
        }
    }
}

extension Provenance {
    /// A stored name; one that is unknown here is believed least.
    init(stored name: String) { self = Provenance(rawValue: name) ?? .message }

    /// Whether this source is believed more than the other.
    func isStronger(than other: Provenance) -> Bool { rank < other.rank }

    /// The stronger of both.
    func raised(to other: Provenance?) -> Provenance { other.map { $0.isStronger(than: self) ? $0 : self } ?? self }

    private var rank: Int {
        switch self {
        case .own: 0
        case .adminImport: 1
        case .userVerified: 2
        case .dane: 3
        case .wkd: 4
        case .autocrypt: 5
        case .hkp: 6
        case .message: 7
        }
    }
}

extension Certificate {
    /// The certificate without the user IDs that `keep` refuses; nil where nothing readable is left.
    func keeping(_ keep: (UserID) -> Bool) -> Certificate? {
        let all = serialized()
        var packets: [UInt8] = []
        var reader = PacketReader(all)
        var isKept = true
        while let packet = try? reader.next() {
            switch packet.tag {
            case .userID: isKept = keep(UserID(bytes: [UInt8](packet.body)))
            case .signature: break
            default: isKept = true
            }
            if isKept { packets += all[packet.offset..<reader.offset] }
        }
        return try? Certificate(parsing: packets)
    }
}
