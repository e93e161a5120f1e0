extension Query {
    // Accounts
    static let insertDomain = """
        INSERT INTO mail_domain (name, created) VALUES (:name, :now) ON CONFLICT (name) DO NOTHING
        """
    static let domain = "SELECT id FROM mail_domain WHERE name = :name"
    static let insertAccount = """
        INSERT INTO account
            (domain_id, local_part, local_folded, version, is_guest, language, display_name, encrypts, signs, inline,
             created)
        VALUES (:domain, :local_part, :folded, 0, :guest, :language, :name, 0, 0, 0, :now)
        ON CONFLICT DO NOTHING
        """
    private static let account = """
        SELECT a.id AS id, a.domain_id AS domain_id, a.local_part AS local_part, d.name AS domain, a.version AS version,
               a.is_guest AS is_guest, a.language AS language, a.display_name AS display_name,
               a.secondary AS secondary, a.encrypts AS encrypts, a.signs AS signs, a.inline AS inline,
               a.created AS created, a.deleted AS deleted
        FROM account AS a JOIN mail_domain AS d ON d.id = a.domain_id
        """
    static let accountByID = account + " WHERE a.id = :id AND a.deleted IS NULL"
    static let accountByAddress =
        account + " WHERE d.name = :domain AND a.local_folded = :folded AND a.deleted IS NULL"
    static let setSecondary = "UPDATE account SET secondary = :secondary WHERE id = :id"

    // Sessions
    static let insertSession = """
        INSERT INTO control_session (id, account_id, origin, created, ends, last_end)
        VALUES (:id, :account, :origin, :now, :ends, :last_end)
        ON CONFLICT (id) DO NOTHING
        """
    static let session = """
        SELECT account_id, origin, ends, last_end FROM control_session WHERE id = :id AND ends > :now
        """
    static let touchSession = "UPDATE control_session SET ends = :ends WHERE id = :id AND ends > :now"
    static let expireSession = "DELETE FROM control_session WHERE id = :id AND ends <= :now"
    static let deleteSession = "DELETE FROM control_session WHERE id = :id"
    static let deleteSessions = "DELETE FROM control_session WHERE account_id = :account"

    // Tokens
    static let insertToken = """
        INSERT INTO auth_token (id, session_id, account_id, type, created, ends, uses, sealed)
        VALUES (:id, :session, :account, :type, :now, :ends, :uses, :sealed)
        """
    static let token = """
        SELECT created, ends, uses, sealed FROM auth_token
        WHERE id = :id AND session_id = :session AND account_id = :account AND type = :type AND ends > :now
            AND (uses IS NULL OR uses > 0)
        """
    static let useToken = "UPDATE auth_token SET uses = uses - 1 WHERE id = :id AND uses > 0"
    static let resealToken = """
        UPDATE auth_token SET ends = :ends, uses = :uses, sealed = :sealed
        WHERE id = :id AND session_id = :session AND account_id = :account AND type = :type AND ends > :now
            AND (uses IS NULL OR uses > 0)
        """
    static let deleteUsedToken = "DELETE FROM auth_token WHERE id = :id AND uses = 0"
    static let deleteTokens = "DELETE FROM auth_token WHERE account_id = :account AND type = :type"
    static let attachToken = """
        INSERT INTO attached_token
            (session_id, type, account_id, token_id, minutes, created, ends, token, master, sealed)
        VALUES (:session, :type, :account, :id, :minutes, :now, :ends, :token, :master, :sealed)
        ON CONFLICT (session_id, type) DO UPDATE
        SET account_id = excluded.account_id, token_id = excluded.token_id, minutes = excluded.minutes,
            created = excluded.created, ends = excluded.ends, token = excluded.token, master = excluded.master,
            sealed = excluded.sealed
        """
    static let attachedToken = """
        SELECT minutes, created, ends, token FROM attached_token
        WHERE session_id = :session AND type = :type AND account_id = :account AND ends > :now
        """
    static let attachedSecrets = """
        SELECT a.session_id AS session_id, a.sealed AS sealed, a.ends AS ends, s.ends AS session_ends
        FROM attached_token AS a JOIN control_session AS s ON s.id = a.session_id
        WHERE a.account_id = :account AND a.type = :type AND a.ends > :now AND s.ends > :now AND a.sealed IS NOT NULL
        ORDER BY a.created DESC LIMIT 8
        """

    // What time ends
    static let expireSessions = "DELETE FROM control_session WHERE ends <= :now"
    static let expireTokens = "DELETE FROM auth_token WHERE ends <= :now"
    static let expireAttached = "DELETE FROM attached_token WHERE ends <= :now"
    static let expireGuesses = "DELETE FROM password_guess WHERE updated <= :before AND locked_until <= :now"
    static let expirePasswordKeys = "DELETE FROM password_key WHERE ends <= :now"

    // Wrong passwords
    static let countGuess = """
        INSERT INTO password_guess (subject, kind, failures, locked_until, next_lock, updated)
        VALUES (
            :subject, :kind, CASE WHEN CAST(:limit AS BIGINT) < 2 THEN 0 ELSE 1 END,
            CASE WHEN CAST(:limit AS BIGINT) < 2 THEN CAST(:now AS BIGINT) + CAST(:first_lock AS BIGINT) ELSE 0 END,
            CASE WHEN CAST(:limit AS BIGINT) >= 2 THEN CAST(:first_lock AS BIGINT)
                WHEN CAST(:first_lock AS BIGINT) * 2 > CAST(:longest AS BIGINT) THEN CAST(:longest AS BIGINT)
                ELSE CAST(:first_lock AS BIGINT) * 2 END,
            CAST(:now AS BIGINT))
        ON CONFLICT (subject, kind) DO UPDATE
        SET failures = CASE WHEN password_guess.failures + 1 >= :limit THEN 0 ELSE password_guess.failures + 1 END,
            locked_until = CASE WHEN password_guess.failures + 1 >= :limit
                THEN :now + password_guess.next_lock ELSE 0 END,
            next_lock = CASE WHEN password_guess.failures + 1 < :limit THEN password_guess.next_lock
                WHEN password_guess.next_lock * 2 > :longest THEN :longest ELSE password_guess.next_lock * 2 END,
            updated = :now
        WHERE password_guess.locked_until <= :now
        """
    static let guessLock = "SELECT locked_until FROM password_guess WHERE subject = :subject AND kind = :kind"
    static let forgetGuesses = "DELETE FROM password_guess WHERE subject = :subject AND kind = :kind"

    // Keys for encrypted passwords
    static let passwordKeys = """
        SELECT id, created, ends, public_key, sealed FROM password_key WHERE ends IS NULL OR ends > :now
        ORDER BY created DESC, id LIMIT 4
        """
    static let retirePasswordKey = """
        UPDATE password_key SET is_current = NULL, ends = :ends WHERE id = :id AND is_current = 1
        """
    static let insertPasswordKey = """
        INSERT INTO password_key (id, created, is_current, ends, public_key, master, sealed)
        VALUES (:id, :now, 1, NULL, :public_key, :master, :sealed)
        ON CONFLICT DO NOTHING
        """
}
