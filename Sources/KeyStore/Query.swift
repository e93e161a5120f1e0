/// The SQL text, portable between SQLite and PostgreSQL: parameters by name only, no functions of one engine.
enum Query {
    // Bookkeeping
    static let counter = "SELECT counter FROM store_change WHERE id = 1"
    static let raiseCounter = "UPDATE store_change SET counter = counter + 1 WHERE id = 1"
    static let masterKeys = "SELECT id, state, proof FROM master_key"
    static let insertMaster =
        "INSERT INTO master_key (id, state, proof, created) VALUES (:id, 'current', :proof, :now)"
    static let retireMasters = "UPDATE master_key SET state = 'retiring' WHERE state = 'current'"
    static let deleteRetired = "DELETE FROM master_key WHERE state = 'retiring'"

    // Lookups of the mail path
    static let byAddress = """
        SELECT u.certificate AS fingerprint, u.user_id AS user_id, u.local_part AS local_part,
               u.provenance AS provenance, c.revision AS revision
        FROM certificate_user_id AS u JOIN certificate AS c ON c.fingerprint = u.certificate
        WHERE u.domain = :domain AND u.local_folded = :folded
            AND NOT EXISTS (SELECT 1 FROM key_ring AS r WHERE r.fingerprint = u.certificate AND r.is_current = 0)
        ORDER BY u.certificate, u.user_id LIMIT :limit
        """
    static let byKeyID = """
        SELECT k.certificate AS fingerprint, c.revision AS revision
        FROM certificate_key AS k JOIN certificate AS c ON c.fingerprint = k.certificate
        WHERE k.key_id = :key_id ORDER BY k.certificate LIMIT :limit
        """
    static let byKeyFingerprint = """
        SELECT k.certificate AS fingerprint, c.revision AS revision
        FROM certificate_key AS k JOIN certificate AS c ON c.fingerprint = k.certificate
        WHERE k.fingerprint = :key_fingerprint ORDER BY k.certificate LIMIT :limit
        """
    static let byFingerprint = "SELECT fingerprint, revision FROM certificate WHERE fingerprint = :fingerprint"
    static let certificate = "SELECT provenance, revision, bytes FROM certificate WHERE fingerprint = :fingerprint"
    static let userIDs = "SELECT user_id, provenance FROM certificate_user_id WHERE certificate = :fingerprint"
    static let secretsByAddress = """
        SELECT u.certificate AS fingerprint, u.user_id AS user_id, u.local_part AS local_part,
               u.provenance AS provenance, c.revision AS revision
        FROM certificate_user_id AS u
        JOIN gateway_secret AS s ON s.fingerprint = u.certificate
        JOIN certificate AS c ON c.fingerprint = u.certificate
        WHERE u.domain = :domain AND u.local_folded = :folded AND u.provenance = 'own'
        ORDER BY u.certificate, u.user_id LIMIT :limit
        """
    static let secretsByKeyID = """
        SELECT s.fingerprint AS fingerprint, c.revision AS revision
        FROM certificate_key AS k
        JOIN gateway_secret AS s ON s.fingerprint = k.certificate
        JOIN certificate AS c ON c.fingerprint = k.certificate
        WHERE k.key_id = :key_id ORDER BY s.fingerprint LIMIT :limit
        """
    static let secret = "SELECT account, revision, sealed FROM gateway_secret WHERE fingerprint = :fingerprint"

    // Administration
    static let allSecretFingerprints =
        "SELECT fingerprint, revision FROM gateway_secret ORDER BY fingerprint LIMIT :limit"
    static let page = """
        SELECT c.fingerprint AS fingerprint, c.provenance AS provenance, c.created AS created, c.updated AS updated,
               c.bytes AS bytes, s.fingerprint AS secret
        FROM certificate AS c LEFT JOIN gateway_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.fingerprint > :after ORDER BY c.fingerprint LIMIT :limit
        """
    static let one = """
        SELECT c.fingerprint AS fingerprint, c.provenance AS provenance, c.created AS created, c.updated AS updated,
               c.bytes AS bytes, s.fingerprint AS secret
        FROM certificate AS c LEFT JOIN gateway_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.fingerprint = :fingerprint
        """
    static let touch = "UPDATE certificate SET revision = :revision WHERE fingerprint = :fingerprint"
    static let insertCertificate = """
        INSERT INTO certificate (fingerprint, provenance, revision, created, updated, bytes)
        VALUES (:fingerprint, :provenance, :revision, :now, :now, :bytes)
        ON CONFLICT (fingerprint) DO UPDATE
        SET provenance = excluded.provenance, revision = excluded.revision, updated = excluded.updated,
            bytes = excluded.bytes
        """
    static let deleteKeys = "DELETE FROM certificate_key WHERE certificate = :fingerprint"
    static let insertKey = """
        INSERT INTO certificate_key (certificate, fingerprint, key_id) VALUES (:fingerprint, :key_fingerprint, :key_id)
        ON CONFLICT (certificate, fingerprint) DO NOTHING
        """
    static let insertUserID = """
        INSERT INTO certificate_user_id (certificate, user_id, provenance, local_part, local_folded, domain)
        VALUES (:fingerprint, :user_id, :provenance, :local_part, :local_folded, :domain)
        ON CONFLICT (certificate, user_id) DO UPDATE
        SET provenance = excluded.provenance, local_part = excluded.local_part,
            local_folded = excluded.local_folded, domain = excluded.domain
        """
    static let deleteCertificate = "DELETE FROM certificate WHERE fingerprint = :fingerprint"
    static let insertSecret = """
        INSERT INTO gateway_secret (fingerprint, account, master, revision, created, sealed)
        VALUES (:fingerprint, :account, :master, :revision, :now, :sealed)
        ON CONFLICT (fingerprint) DO UPDATE
        SET account = excluded.account, master = excluded.master, revision = excluded.revision,
            sealed = excluded.sealed
        """
    static let deleteSecret = "DELETE FROM gateway_secret WHERE fingerprint = :fingerprint"
    static let counts = """
        SELECT (SELECT COUNT(*) FROM certificate) AS certificates, (SELECT COUNT(*) FROM gateway_secret) AS secrets
        """

    // Rotation

    // S/MIME
    private static let smimeColumns = """
        c.fingerprint AS fingerprint, c.provenance AS provenance, c.capabilities AS capabilities, c.bytes AS bytes
        """
    static let smimeByAddress = """
        SELECT \(smimeColumns), s.account AS account, s.sealed AS sealed
        FROM smime_address AS a JOIN smime_certificate AS c ON c.fingerprint = a.certificate
        LEFT JOIN smime_secret AS s ON s.fingerprint = c.fingerprint
        WHERE a.domain = :domain AND a.local_part = :local_part ORDER BY c.fingerprint LIMIT :limit
        """
    static let smimeByIdentity = """
        SELECT \(smimeColumns), s.account AS account, s.sealed AS sealed
        FROM smime_certificate AS c LEFT JOIN smime_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.serial = :serial AND c.issuer = :issuer ORDER BY c.fingerprint LIMIT :limit
        """
    static let smimeByKeyIdentifier = """
        SELECT \(smimeColumns), s.account AS account, s.sealed AS sealed
        FROM smime_certificate AS c LEFT JOIN smime_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.subject_key_id = :subject_key_id ORDER BY c.fingerprint LIMIT :limit
        """
    static let smimePage = """
        SELECT \(smimeColumns), s.account AS account, s.sealed AS sealed
        FROM smime_certificate AS c LEFT JOIN smime_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.fingerprint > :after ORDER BY c.fingerprint LIMIT :limit
        """
    static let smimeOne = """
        SELECT \(smimeColumns), s.account AS account, s.sealed AS sealed
        FROM smime_certificate AS c LEFT JOIN smime_secret AS s ON s.fingerprint = c.fingerprint
        WHERE c.fingerprint = :fingerprint
        """
    static let insertSMIME = """
        INSERT INTO smime_certificate
            (fingerprint, issuer, serial, subject_key_id, provenance, created, updated, capabilities, bytes)
        VALUES (:fingerprint, :issuer, :serial, :subject_key_id, :provenance, :now, :now, :capabilities, :bytes)
        ON CONFLICT (fingerprint) DO UPDATE
        SET provenance = excluded.provenance, updated = excluded.updated,
            capabilities = COALESCE(excluded.capabilities, smime_certificate.capabilities)
        """
    static let insertSMIMEAddress = """
        INSERT INTO smime_address (certificate, domain, local_part) VALUES (:fingerprint, :domain, :local_part)
        ON CONFLICT (certificate, domain, local_part) DO NOTHING
        """
    static let insertSMIMESecret = """
        INSERT INTO smime_secret (fingerprint, account, master, created, sealed)
        VALUES (:fingerprint, :account, :master, :now, :sealed)
        ON CONFLICT (fingerprint) DO UPDATE
        SET account = excluded.account, master = excluded.master, sealed = excluded.sealed
        """
    static let deleteSMIMESecret = "DELETE FROM smime_secret WHERE fingerprint = :fingerprint"
    static let deleteSMIME = "DELETE FROM smime_certificate WHERE fingerprint = :fingerprint"
}
