extension Query {
    private static let ringColumns = """
        SELECT r.id AS id, r.account_id AS account_id, r.fingerprint AS fingerprint, r.is_current AS is_current,
            r.locked AS locked, r.recovery AS recovery, r.password_modified AS password_modified, r.created AS created,
            c.revision AS revision, c.bytes AS bytes
        FROM key_ring AS r JOIN certificate AS c ON c.fingerprint = r.fingerprint
        """
    static let ringsOfAccount = ringColumns + " WHERE r.account_id = :account ORDER BY r.is_current DESC, r.id DESC"
    static let ring = ringColumns + " WHERE r.account_id = :account AND r.fingerprint = :fingerprint"
    static let clearCurrentRing = "UPDATE key_ring SET is_current = 0 WHERE account_id = :account AND is_current = 1"
    static let setCurrentRing = "UPDATE key_ring SET is_current = 1 WHERE id = :id AND account_id = :account"
    static let insertRing = """
        INSERT INTO key_ring
            (account_id, fingerprint, is_current, locked, recovery, recovery_master, password_modified, created)
        VALUES (:account, :fingerprint, :current, :locked, :recovery, :master, :now, :now)
        ON CONFLICT (account_id, fingerprint) DO UPDATE
        SET is_current = excluded.is_current, locked = excluded.locked, recovery = excluded.recovery,
            recovery_master = excluded.recovery_master, password_modified = excluded.password_modified
        RETURNING id
        """
    static let replaceRingLock = """
        UPDATE key_ring SET locked = :locked, recovery = :recovery, recovery_master = :master, password_modified = :now
        WHERE id = :id AND locked = :old
        """
    static let updateRingLocked = "UPDATE key_ring SET locked = :locked WHERE id = :id AND locked = :old"
    static let clearRingRecovery = "UPDATE key_ring SET recovery = :empty, recovery_master = NULL WHERE id = :id"
    static let deleteRing = "DELETE FROM key_ring WHERE id = :id AND account_id = :account"
    static let newestRing = "SELECT id FROM key_ring WHERE account_id = :account ORDER BY id DESC LIMIT 1"
    /// What nobody else needs: no ring of another account, no key of the gateway.
    static let deleteOrphanCertificate = """
        DELETE FROM certificate WHERE fingerprint = :fingerprint
            AND NOT EXISTS (SELECT 1 FROM key_ring WHERE key_ring.fingerprint = certificate.fingerprint)
            AND NOT EXISTS (SELECT 1 FROM gateway_secret WHERE gateway_secret.fingerprint = certificate.fingerprint)
        """
    /// The ring that mail to one of our own mailboxes uses.
    static let currentRingByAddress = """
        SELECT u.certificate AS fingerprint, u.user_id AS user_id, u.local_part AS local_part,
            u.provenance AS provenance, c.revision AS revision
        FROM mail_domain AS d JOIN account AS o ON o.domain_id = d.id
        JOIN key_ring AS r ON r.account_id = o.id AND r.is_current = 1
        JOIN certificate AS c ON c.fingerprint = r.fingerprint
        JOIN certificate_user_id AS u ON u.certificate = c.fingerprint
        WHERE d.name = :domain AND o.local_folded = :folded AND o.deleted IS NULL
            AND u.domain = :domain AND u.local_folded = :folded
        ORDER BY u.user_id LIMIT :limit
        """

    // Directory
    static let setDirectoryEntry = """
        INSERT INTO directory_entry (account_id, domain, hash) VALUES (:account, :domain, :hash)
        ON CONFLICT (account_id) DO UPDATE SET domain = excluded.domain, hash = excluded.hash
        """
    static let directoryEntries =
        "SELECT account_id FROM directory_entry WHERE hash = :hash ORDER BY account_id LIMIT :limit"
    static let ownersOfKeyID = """
        SELECT r.account_id AS account_id, r.fingerprint AS fingerprint
        FROM certificate_key AS k JOIN key_ring AS r ON r.fingerprint = k.certificate
        WHERE k.key_id = :key_id ORDER BY r.id LIMIT :limit
        """

    // Deleted rings
    static let insertDeletedRing = """
        INSERT INTO deleted_ring (account_id, fingerprint, bytes, locked, deleted)
        VALUES (:account, :fingerprint, :bytes, :locked, :now)
        """
    static let exposeDeletedRings = """
        UPDATE deleted_ring SET exposed_until = :until, exposure = :exposure WHERE account_id = :account
        """
    static let exposedRings = """
        SELECT bytes, locked, exposed_until FROM deleted_ring WHERE exposure = :exposure AND exposed_until > :now
        ORDER BY id
        """

    // Rings of others
    private static let externalColumns = """
        SELECT e.id AS id, e.account_id AS account_id, e.fingerprint AS fingerprint, e.source AS source,
            e.shared AS shared, e.inline AS inline, e.verified AS verified, e.seen AS seen, e.bytes AS bytes
        FROM external_ring AS e
        """
    static let externalOwned =
        externalColumns + " WHERE e.account_id = :account AND e.source = :source ORDER BY e.fingerprint"
    static let externalShared =
        externalColumns + """
             WHERE e.domain_id = :domain AND e.source = 'uploaded' AND e.shared = 1 AND e.account_id <> :account
            ORDER BY e.fingerprint LIMIT :limit
            """
    static let externalOne =
        externalColumns + " WHERE e.account_id = :account AND e.fingerprint = :fingerprint AND e.source = :source"
    static let externalByAddress =
        externalColumns + """
             JOIN external_address AS a ON a.ring_id = e.id
            WHERE a.domain = :domain AND a.local_folded = :folded
                AND (e.account_id = :account OR (e.domain_id = :tenant AND e.source = 'uploaded' AND e.shared = 1))
            ORDER BY e.id DESC LIMIT :limit
            """
    static let externalByKeyID =
        externalColumns + """
             JOIN external_key AS k ON k.ring_id = e.id
            WHERE k.key_id = :key_id
                AND (e.account_id = :account OR (e.domain_id = :tenant AND e.source = 'uploaded' AND e.shared = 1))
            ORDER BY e.id DESC LIMIT :limit
            """
    static let insertExternal = """
        INSERT INTO external_ring
            (account_id, domain_id, fingerprint, source, shared, inline, verified, seen, created, bytes)
        VALUES (:account, :tenant, :fingerprint, :source, 0, 0, :verified, :seen, :now, :bytes)
        ON CONFLICT (account_id, fingerprint, source) DO UPDATE
        SET bytes = excluded.bytes, seen = excluded.seen, verified = excluded.verified
        RETURNING id
        """
    static let clearExternalAddresses = "DELETE FROM external_address WHERE ring_id = :id"
    static let insertExternalAddress = """
        INSERT INTO external_address (ring_id, domain, local_folded) VALUES (:id, :domain, :folded)
        ON CONFLICT (ring_id, domain, local_folded) DO NOTHING
        """
    static let insertExternalKey = """
        INSERT INTO external_key (ring_id, key_id) VALUES (:id, :key_id) ON CONFLICT (ring_id, key_id) DO NOTHING
        """
    static let setExternalFlags = """
        UPDATE external_ring SET shared = :shared, inline = :inline, verified = :verified WHERE id = :id
        """
    static let deleteExternal = "DELETE FROM external_ring WHERE id = :id"
}
