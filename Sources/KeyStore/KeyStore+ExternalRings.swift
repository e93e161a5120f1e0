public import MIME
public import OpenPGP

/// Rings of others. What takes a connection is called within ``changeAccount(_:audit:_:)``.
extension KeyStore {
    /// The rings that a user keeps, and for uploaded ones those that others of the domain share.
    public func externalRings(
        of account: AccountRecord, _ source: ExternalRing.Source
    ) throws -> [ExternalRing] {
        try database.read { connection in
            var rows = try connection.rows(
                Query.externalOwned, ["account": SQLValue(account.id), "source": SQLValue(source.rawValue)])
            if source == .uploaded {
                rows += try connection.rows(
                    Query.externalShared,
                    ["account": SQLValue(account.id), "domain": SQLValue(account.domainID), "limit": 1000])
            }
            return rows
        }.map(Self.external)
    }

    /// The rings for an address that a user may use: their own, and those shared in the domain.
    public func externalRings(for address: EmailAddress, visibleTo account: AccountRecord) throws -> [ExternalRing] {
        guard address.isDomainMapped else { return [] }
        return try database.read {
            try $0.rows(
                Query.externalByAddress,
                [
                    "domain": SQLValue(address.domain), "folded": SQLValue(AddressFolding.fold(address.localPart)),
                    "account": SQLValue(account.id), "tenant": SQLValue(account.domainID),
                    "limit": SQLValue(Int64(Self.lookupLimit)),
                ])
        }.map(Self.external)
    }

    /// The same for a key ID.
    public func externalRings(for keyID: KeyID, visibleTo account: AccountRecord) throws -> [ExternalRing] {
        try database.read {
            try $0.rows(
                Query.externalByKeyID,
                [
                    "key_id": SQLValue(keyID.bytes), "account": SQLValue(account.id),
                    "tenant": SQLValue(account.domainID), "limit": SQLValue(Int64(Self.lookupLimit)),
                ])
        }.map(Self.external)
    }

    package func externalRing(
        _ fingerprint: Fingerprint, of account: Int64, _ source: ExternalRing.Source, in connection: any StoreConnection
    ) throws -> ExternalRing? {
        try connection.row(
            Query.externalOne,
            [
                "account": SQLValue(account), "fingerprint": SQLValue(fingerprint.hex),
                "source": SQLValue(source.rawValue),
            ]
        ).map(Self.external)
    }

    /// Keeps a ring; of one that is known nothing is lost.
    package func addExternalRing(
        _ certificate: Certificate, account: AccountRecord, _ source: ExternalRing.Source, isVerified: Bool,
        seen: Int64,
        in connection: any StoreConnection
    ) throws {
        let known = try externalRing(certificate.fingerprint, of: account.id, source, in: connection)
        let merged = try known.map { try $0.certificate.merged(with: certificate) } ?? certificate
        let bytes = merged.serialized()
        guard bytes.count <= Self.maximumCertificate else {
            throw KeyStoreError(.unusableInput, "certificate \(certificate.fingerprint.hex): too large")
        }
        let row = try connection.row(
            Query.insertExternal,
            [
                "account": SQLValue(account.id), "tenant": SQLValue(account.domainID),
                "fingerprint": SQLValue(certificate.fingerprint.hex), "source": SQLValue(source.rawValue),
                "verified": SQLValue(isVerified || known?.isVerified == true),
                "seen": SQLValue(max(seen, known?.seen ?? seen)), "now": SQLValue(clock()), "bytes": SQLValue(bytes),
            ])
        guard let id = try row?.integer("id") else {
            throw KeyStoreError(.internalFailure, "external_ring: nothing was inserted")
        }
        try connection.execute(Query.clearExternalAddresses, ["id": SQLValue(id)])
        for address in merged.userIDs.compactMap({ $0.userID.emailAddress.flatMap { EmailAddress($0) } })
        where address.isDomainMapped {
            try connection.execute(
                Query.insertExternalAddress,
                [
                    "id": SQLValue(id), "domain": SQLValue(address.domain),
                    "folded": SQLValue(AddressFolding.fold(address.localPart)),
                ])
        }
        for key in merged.allKeys {
            try connection.execute(
                Query.insertExternalKey, ["id": SQLValue(id), "key_id": SQLValue(key.keyID.bytes)])
        }
    }

    /// Writes the flags of a ring as they are now.
    package func setFlags(_ ring: ExternalRing, in connection: any StoreConnection) throws {
        try connection.execute(
            Query.setExternalFlags,
            [
                "id": SQLValue(ring.id), "shared": SQLValue(ring.isShared), "inline": SQLValue(ring.isInline),
                "verified": SQLValue(ring.isVerified),
            ])
    }

    package func deleteExternalRing(_ id: Int64, in connection: any StoreConnection) throws {
        try connection.execute(Query.deleteExternal, ["id": SQLValue(id)])
    }

    private static func external(_ row: SQLRow) throws -> ExternalRing {
        let fingerprint = try row.text("fingerprint")
        guard let certificate = try? Certificate(parsing: try row.blob("bytes")),
            let source = ExternalRing.Source(rawValue: try row.text("source"))
        else {
            throw KeyStoreError(.corrupt, "ring \(fingerprint) in the store does not parse; restore a backup")
        }
        return ExternalRing(
            id: try row.integer("id"), accountID: try row.integer("account_id"), certificate: certificate,
            source: source, isShared: try row.bool("shared"), isInline: try row.bool("inline"),
            isVerified: try row.bool("verified"), seen: try row.integer("seen"))
    }
}
