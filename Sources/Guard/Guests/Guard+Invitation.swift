import KeyStore
import Libcrypto
import MIME

extension Guard {
    /// Seconds between two invitations to one guest; messages in between wait with the first.
    private static let invitationPause: Int64 = 3600

    /// The guest account of an address, made where there is none.
    ///
    /// - Throws: `guestsNotAllowed` where the administrator has none, and for addresses of our own domains.
    func guestAccount(for address: EmailAddress, language: String) throws -> AccountRecord {
        guard settings.guests.areAllowed, address.isDomainMapped, !settings.localDomains.contains(address.domain) else {
            throw GuardError(.guestsNotAllowed, "<\(address.canonical)> cannot be a guest here")
        }
        return try translating {
            let account = try store.openAccount(for: address, isGuest: true, language: language)
            guard account.isGuest else {
                throw GuardError(.guestsNotAllowed, "<\(address.canonical)> is no guest")
            }
            try store.addGuest(account: account.id)
            return account
        }
    }

    /// Sends a guest the link with which they choose their first password, unless one was sent a moment ago. Where PINs
    /// are used, a new one goes to the sender.
    ///
    /// - Throws: `mailNotSent`, `guestsNotAllowed`.
    func invite(_ account: AccountRecord, from sender: EmailAddress?) throws {
        guard let page = settings.guests.firstPage else {
            throw GuardError(.guestsNotAllowed, "there is no page for guests")
        }
        let now = now().seconds
        let last = try translating { try store.newestGuestLink(.first, account: account.id) }
        if let last, now - last < Self.invitationPause { return }
        if settings.guests.usesPINs, let sender { try sendPIN(of: account, to: sender) }
        let name = sender?.canonical ?? settings.mail.product
        try sendLink(.first, .guest, to: account, page: page, language: account.language, values: ["sender": name])
    }

    /// Makes a link and mails it.
    ///
    /// The link is stored first: one that nobody got harms nobody, one that nobody knows would.
    func sendLink(
        _ kind: KeyStore.GuestLinkKind, _ mail: MailKind, to account: AccountRecord, page: String, language: String,
        number: Int? = nil, values: [String: String] = [:]
    ) throws {
        let now = now().seconds
        let hours = settings.guests.linkHours
        let token = try translating {
            let token = try SecureRandom.bytes(32)
            try store.addGuestLink(
                try Self.digest(token), kind, account: account.id, now: now, ends: now + Int64(hours) * 3600)
            return token
        }
        // The mail is made for this text; it is no password, and counts once.
        let text = HexText.encode(token)
        let address = account.address.canonical
        let link = page.replacing("{email}", with: Self.percentEncoded(address)).replacing("{item}", with: text)
            .replacing("{resetid}", with: text)
        var values = values
        values["address"] = address
        values["link"] = link
        values["hours"] = String(hours)
        try send(mail, to: account.address, language: language, number: number, values: values)
    }

    private func sendPIN(of account: AccountRecord, to sender: EmailAddress) throws {
        let pin = try translating {
            // Numbers past the last multiple of 10,000 would make some PINs likelier.
            var number: UInt32 = .max
            while number >= 4_294_960_000 {
                number = try SecureRandom.bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
            }
            let digits = String(number % 10_000)
            let pin = String(repeating: "0", count: 4 - digits.count) + digits
            let salt = try SecureRandom.bytes(16)
            try store.setGuestPIN(
                .init(salt: salt, digest: try Self.digest(salt + Array(pin.utf8))), account: account.id)
            return pin
        }
        try send(
            .guestPIN, to: sender, language: account.language,
            values: ["address": account.address.canonical, "pin": pin])
    }

    /// The SHA-256 of octets.
    static func digest(_ octets: [UInt8]) throws -> [UInt8] {
        let digest = try Digest(.sha256)
        digest.update(octets)
        return digest.finish()
    }

    /// Everything but unreserved characters escaped (RFC 3986 section 2.3).
    static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
            if isPlain { return String(Unicode.Scalar(byte)) }
            return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
