/// The SQL of users' S/MIME certificates.
enum CertificateQuery {
    private static let columns = """
        k.id AS id, k.account_id AS account_id, k.issuers AS issuers, k.is_current AS is_current, k.locked AS locked,
        k.recovery AS recovery, k.password_modified AS password_modified, k.created AS created, c.bytes AS bytes
        """
    static let keysOfAccount = """
        SELECT \(columns) FROM smime_key AS k JOIN smime_certificate AS c ON c.fingerprint = k.fingerprint
        WHERE k.account_id = :account ORDER BY k.is_current DESC, k.id DESC
        """
    static let currentKeyOfAccount = """
        SELECT \(columns) FROM smime_key AS k JOIN smime_certificate AS c ON c.fingerprint = k.fingerprint
        WHERE k.account_id = :account AND k.is_current = 1
        """
    /// The account's own address has to be the one in question: other addresses in a certificate are the word of its owner.
    static let currentByAddress = """
        SELECT c.fingerprint AS fingerprint, 'own' AS provenance, c.capabilities AS capabilities, c.bytes AS bytes,
            NULL AS account, NULL AS sealed
        FROM mail_domain AS d JOIN account AS o ON o.domain_id = d.id
        JOIN smime_key AS k ON k.account_id = o.id
        JOIN smime_certificate AS c ON c.fingerprint = k.fingerprint
        WHERE d.name = :domain AND o.local_folded = :folded AND o.deleted IS NULL AND k.is_current = 1
        """
    static let clearCurrent = "UPDATE smime_key SET is_current = 0 WHERE account_id = :account AND is_current = 1"
    static let setCurrent = "UPDATE smime_key SET is_current = 1 WHERE id = :id AND account_id = :account"
    static let insertKey = """
        INSERT INTO smime_key
            (account_id, fingerprint, issuers, is_current, locked, recovery, recovery_master, password_modified, created)
        VALUES (:account, :fingerprint, :issuers, :is_current, :locked, :recovery, :master, :now, :now)
        ON CONFLICT (account_id, fingerprint) DO UPDATE
        SET issuers = excluded.issuers, is_current = excluded.is_current, locked = excluded.locked,
            recovery = excluded.recovery, recovery_master = excluded.recovery_master,
            password_modified = excluded.password_modified
        RETURNING id
        """
    static let replaceLocked = """
        UPDATE smime_key SET locked = :locked, recovery = :recovery, recovery_master = :master, password_modified = :now
        WHERE id = :id AND is_current = 1 AND locked = :old
        """
    static let deleteKey =
        "DELETE FROM smime_key WHERE id = :id AND account_id = :account RETURNING fingerprint, is_current"
    static let deleteOrphan = """
        DELETE FROM smime_certificate
        WHERE fingerprint = :fingerprint AND provenance = 'message'
            AND NOT EXISTS (SELECT 1 FROM smime_key WHERE smime_key.fingerprint = smime_certificate.fingerprint)
            AND NOT EXISTS (SELECT 1 FROM smime_secret WHERE smime_secret.fingerprint = smime_certificate.fingerprint)
        """
    static let deleteRecovery = """
        UPDATE smime_key SET recovery = :empty, recovery_master = NULL WHERE id = :id
        """

    static let insertRecipient = """
        INSERT INTO recipient_certificate (account_id, fingerprint, bytes, issuers, created)
        VALUES (:account, :fingerprint, :bytes, :issuers, :now)
        ON CONFLICT (account_id, fingerprint) DO UPDATE SET issuers = excluded.issuers
        RETURNING id
        """
    static let insertRecipientAddress = """
        INSERT INTO recipient_certificate_address (recipient_id, account_id, domain, local_part)
        VALUES (:id, :account, :domain, :local_part)
        ON CONFLICT (recipient_id, domain, local_part) DO NOTHING
        """
    static let countRecipients =
        "SELECT COUNT(*) AS rows FROM recipient_certificate WHERE account_id = :account"
    static let recipientsByAddress = """
        SELECT r.bytes AS bytes, r.issuers AS issuers
        FROM recipient_certificate_address AS a JOIN recipient_certificate AS r ON r.id = a.recipient_id
        WHERE a.account_id = :account AND a.domain = :domain AND a.local_part = :local_part
        ORDER BY r.id DESC LIMIT :limit
        """
}
