import KeyStore
public import Libcrypto
public import MIME
import OpenPGP
import ProtectedMail

extension Guard {
    /// Keeps a message for recipients who have no key, and invites them to make one.
    ///
    /// All or none: where one of them cannot be a guest, or their mail cannot be sent, nothing is kept and nobody waits in
    /// vain. An invitation may have left for a message that then is refused.
    ///
    /// - Parameters:
    ///   - message: header, blank line and body.
    ///   - language: of the invitation, as `de_DE`.
    /// - Throws: `guestsNotAllowed`, `mailTooLarge` (too much waits for a guest), `mailNotSent`, `unavailable`.
    public func hold(_ message: Spool, for recipients: [EmailAddress], from sender: EmailAddress?, language: String)
        throws
    {
        let accounts = try recipients.map { try guestAccount(for: $0, language: language) }
        var kept: [(message: KeyStore.GuestMessage, account: AccountRecord)] = []
        do {
            for account in accounts { kept.append((try keep(message, for: account), account)) }
            for account in accounts { try invite(account, from: sender) }
            let ends = now().seconds + Int64(settings.guests.messageDays) * 86_400
            try translating { for (message, _) in kept { try store.complete(message, ends: ends) } }
        } catch {
            for (message, _) in kept { try? store.delete(message) }
            throw error
        }
    }

    private func keep(_ message: Spool, for account: AccountRecord) throws -> KeyStore.GuestMessage {
        try translating {
            let use = try store.guestUse(account: account.id)
            guard use.messages < settings.guests.maximumMessages,
                use.octets + Int64(message.count) <= settings.guests.maximumOctets
            else {
                throw GuardError(.mailTooLarge, "too much waits for <\(account.address.canonical)> already")
            }
            let now = now().seconds
            // What is not complete within an hour never will be.
            let kept = try store.beginGuestMessage(account: account.id, now: now, ends: now + 3600)
            do {
                var number: Int64 = 0
                try message.forEachChunk { chunk in
                    let octets = Self.array(chunk)
                    for start in stride(from: 0, to: octets.count, by: KeyStore.guestPartSize) {
                        let piece = octets[start..<min(octets.count, start + KeyStore.guestPartSize)]
                        try store.add(Array(piece), as: number, to: kept)
                        number += 1
                    }
                }
            } catch {
                try? store.delete(kept)
                throw error
            }
            return kept
        }
    }

    private static func array(_ octets: Span<UInt8>) -> [UInt8] {
        var array: [UInt8] = []
        array.reserveCapacity(octets.count)
        for index in octets.indices { array.append(octets[index]) }
        return array
    }

    /// Sends a guest what waited for them, encrypted to their key. What cannot be sent now waits for the next login.
    ///
    /// A message is forgotten after it was sent: one may come twice where guardd dies in between, none is lost.
    func releaseMessages(to account: AccountRecord, _ certificate: Certificate) {
        do {
            for message in try store.guestMessages(account: account.id, now: now().seconds) {
                try release(message, to: account, certificate)
            }
        } catch {
            ports.log("messages for guest <\(account.address.canonical)>: \(error)")
        }
    }

    func release(
        _ message: KeyStore.GuestMessage, to account: AccountRecord, _ certificate: Certificate
    ) throws {
        guard let port = ports.mail else { throw GuardError(.mailNotSent, "guardd is not configured to send mail") }
        let recipient = EncryptionRecipient(
            of: certificate, isHidden: false, at: now(), policy: settings.algorithms)
        guard let recipient else { throw GuardError(.keyNotUsable, "the guest's key cannot be encrypted to") }
        var clear: [UInt8] = []
        clear.reserveCapacity(Int(clamping: message.size))
        for number in 0..<message.parts {
            try store.part(number, of: message).withBytes { octets in clear += Self.array(octets) }
        }
        let parsed = try Message(parsing: clear)
        let fields = parsed.root.header.fields
        let protector = try Protector(
            header: fields,
            plan: ProtectionPlan(recipients: [recipient], signer: nil, encrypt: true, sign: false), time: now())
        try protector.push(Array(clear[parsed.root.bodyRange]).span)
        let protected = try protector.finish()
        var header = EditedHeader(fields)
        for edit in protected.headerEdits { header.apply(edit) }
        try port.send(
            to: [account.address], message: header.serialized + [0x0D, 0x0A] + (try protected.body.bytes()))
        try store.delete(message)
    }
}
