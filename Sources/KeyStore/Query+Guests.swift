extension Query {
    static let insertGuest = """
        INSERT INTO guest (account_id, is_active, created) VALUES (:account, 0, :now)
        ON CONFLICT (account_id) DO NOTHING
        """
    static let guest = """
        SELECT is_active, pin_salt, pin, answer_salt, answer, created FROM guest WHERE account_id = :account
        """
    static let setGuestPIN = "UPDATE guest SET pin_salt = :salt, pin = :digest WHERE account_id = :account"
    static let setGuestAnswer = "UPDATE guest SET answer_salt = :salt, answer = :digest WHERE account_id = :account"
    static let activateGuest = """
        UPDATE guest SET is_active = 1, pin_salt = NULL, pin = NULL WHERE account_id = :account
        """
    static let deleteGuest = "DELETE FROM guest WHERE account_id = :account"

    static let insertGuestLink = """
        INSERT INTO guest_link (id, account_id, kind, created, ends) VALUES (:id, :account, :kind, :now, :ends)
        """
    static let guestLink = "SELECT account_id FROM guest_link WHERE id = :id AND kind = :kind AND ends > :now"
    static let newestGuestLink = """
        SELECT MAX(created) AS created FROM guest_link WHERE account_id = :account AND kind = :kind
        """
    static let useGuestLink = "DELETE FROM guest_link WHERE id = :id AND account_id = :account AND ends > :now"
    static let deleteGuestLinks = "DELETE FROM guest_link WHERE account_id = :account"
    static let expireGuestLinks = "DELETE FROM guest_link WHERE ends <= :now"

    static let insertGuestMessage = """
        INSERT INTO guest_message
            (account_id, name, is_complete, parts, size, created, ends, master, sealed)
        VALUES (:account, :name, 0, 0, 0, :now, :ends, :master, :sealed)
        RETURNING id
        """
    static let insertGuestPart = """
        INSERT INTO guest_part (message_id, number, sealed) VALUES (:id, :number, :sealed)
        """
    static let growGuestMessage = """
        UPDATE guest_message SET parts = parts + 1, size = size + :size WHERE id = :id AND is_complete = 0
        """
    static let completeGuestMessage = """
        UPDATE guest_message SET is_complete = 1, ends = :ends WHERE id = :id AND is_complete = 0
        """
    static let guestMessages = """
        SELECT id, name, parts, size, created, sealed FROM guest_message
        WHERE account_id = :account AND is_complete = 1 AND ends > :now ORDER BY id
        """
    static let guestUse = """
        SELECT COUNT(*) AS messages, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS octets FROM guest_message WHERE account_id = :account
        """
    static let guestPart = "SELECT sealed FROM guest_part WHERE message_id = :id AND number = :number"
    static let deleteGuestMessage = "DELETE FROM guest_message WHERE id = :id"
    static let deleteGuestMessages = "DELETE FROM guest_message WHERE account_id = :account"
    static let expireGuestMessages = "DELETE FROM guest_message WHERE ends <= :now"

    static let closeAccount = "UPDATE account SET deleted = :now WHERE id = :account AND deleted IS NULL"
    static let openToUsers = "UPDATE account SET is_guest = 0 WHERE id = :account"
}
