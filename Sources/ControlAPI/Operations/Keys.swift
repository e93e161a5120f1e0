import Guard
import KeyStore
import Libcrypto
import MIME

/// OpenPGP key rings.
extension Operations {
    static func hasKeys(_ call: Call) throws -> Answer {
        let presence = try call.guard.keyPresence(call.caller)
        return .data(KeyPresence(hasPrivateKey: presence.hasPrivate, hasPublicKey: presence.hasPublic))
    }

    static func createKey(_ call: Call) throws -> Answer {
        let recovery = try call.parameters.text("email").flatMap { $0.isEmpty ? nil : EmailAddressText($0) }
        let ring = try call.guard.createRing(
            call.caller, name: call.parameters.required("name"), password: call.newPassword(),
            recoveryAddress: recovery)
        return .data(try PGPKeyRing(ring, call))
    }

    static func deleteKey(_ call: Call) throws -> Answer {
        try call.guard.deleteRing(.init(requiredKeyID(call)), of: call.caller, password: call.password())
        return .done
    }

    static func contactKeys(_ call: Call) throws -> Answer {
        let contact = try call.parameters.required("contactID")
        // There is no address book here: in the folder `mail` a contact is its address.
        let isMail = try call.parameters.required("contactFolder") == "mail"
        let rings = isMail ? try call.guard.externalRings(for: EmailAddressText(contact), of: call.caller) : []
        return try externalRings(rings, call)
    }

    static func keys(_ call: Call) throws -> Answer {
        let rings = try call.guard.rings(of: call.caller)
        return .data(KeyRings(keyRings: try rings.map { try PGPKeyRing($0, call) }))
    }

    static func key(_ call: Call) throws -> Answer {
        let (ring, half, block) = try chosenRing(call)
        return .data(try PGPKeyRing(ring, call, half: half, block: block))
    }

    static func downloadKey(_ call: Call) throws -> Answer {
        let (ring, half, block) = try chosenRing(call)
        let described = try call.guard.describe(ring)
        let file = (half == .private ? [] : described.armored) + (block ?? [])
        return .file(file, type: "application/pgp-keys", name: "0x\(described.keys.first?.fingerprint ?? "").asc")
    }

    static func uploadKey(_ call: Call) throws -> Answer {
        let rings = try call.guard.uploadRings(
            call.parameters.requiredFile("key"), of: call.caller, password: call.parameters.secret("keyPassword"),
            newPassword: call.parameters.secret("newPassword"))
        return .data(KeyRings(keyRings: try rings.map { try PGPKeyRing($0, call) }))
    }

    static func uploadExternalKey(_ call: Call) throws -> Answer {
        try externalRings(
            call.guard.uploadExternalRings(call.parameters.requiredFile("key"), of: call.caller), call)
    }

    static func externalKeys(_ call: Call) throws -> Answer {
        try externalRings(call.guard.externalRings(of: call.caller, source(call)), call)
    }

    static func inlineExternalKey(_ call: Call) throws -> Answer {
        try call.guard.setInline(
            call.parameters.requiredBool("inline"), external: call.parameters.required("keyids"), of: call.caller)
        return .done
    }

    static func shareExternalKey(_ call: Call) throws -> Answer {
        try call.guard.setShared(
            call.parameters.requiredBool("share"), external: call.parameters.required("keyids"), of: call.caller)
        return .done
    }

    static func deleteExternalKey(_ call: Call) throws -> Answer {
        try call.guard.deleteExternalRing(call.parameters.required("keyids"), source(call), of: call.caller)
        return .done
    }

    static func addUserID(_ call: Call) throws -> Answer {
        try call.guard.addUserID(
            name: call.parameters.required("name"), address: EmailAddressText(call.parameters.required("email")),
            to: .init(requiredKeyID(call)), of: call.caller, password: call.password())
        return .done
    }

    static func setCurrentKey(_ call: Call) throws -> Answer {
        try call.guard.setCurrentRing(.init(requiredKeyID(call)), of: call.caller)
        return .done
    }

    static func revokeKey(_ call: Call) throws -> Answer {
        try call.guard.revoke(
            .init(requiredKeyID(call)), of: call.caller, reason: call.parameters.text("reason") ?? "",
            password: call.password())
        return .done
    }

    static func recipientKey(_ call: Call) throws -> Answer {
        let key: RecipientKey
        let creates = try call.parameters.bool("create") ?? false
        if let address = try call.parameters.text("email"), !address.isEmpty {
            key = try call.guard.recipientKey(
                for: EmailAddressText(address), of: call.caller, creates: creates)
        } else {
            key = try call.guard.recipientKey(.init(requiredKeyID(call)), of: call.caller)
        }
        return .data(key.certificate == nil && !key.isNew ? nil : try RecipKey(key, call))
    }

    static func keySignatures(_ call: Call) throws -> Answer {
        let signatures = try call.guard.signatures(
            on: .init(requiredKeyID(call)), of: call.caller,
            includesSubkeys: call.parameters.bool("subkeys") ?? false)
        return .data(SignaturesResponse(signatures: signatures.map(SignatureResponse.init)))
    }

    static func importAutocrypt(_ call: Call) throws -> Answer {
        let date = try call.parameters.required("sent_date")
        guard let sent = MailDate.unixSeconds(date) ?? epochSeconds(date) else {
            throw GuardError(.badParameter, "sent_date is no date", parameters: ["sent_date"])
        }
        let result = try call.guard.importAutocrypt(
            call.parameters.requiredFile("header"), sent: sent, adds: call.parameters.bool("add") ?? false,
            isConfirmed: call.parameters.bool("confirmed") ?? false, of: call.caller)
        return .data(try AutocryptResult(result, call))
    }

    static func verifyAutocrypt(_ call: Call) throws -> Answer {
        let result = try call.guard.setAutocryptVerified(
            call.parameters.requiredBool("verified"), call.parameters.required("keyids"), of: call.caller)
        return .data(try AutocryptResult(result, call))
    }

    // MARK: -

    private static func requiredKeyID(_ call: Call) throws -> UInt64 {
        guard let id = try call.parameters.keyID("keyid") else {
            throw GuardError(.missingParameter, "the parameter keyid is missing", parameters: ["keyid"])
        }
        return id
    }

    private static func source(_ call: Call) throws -> ExternalRing.Source {
        guard let name = try call.parameters.text("keyType"), !name.isEmpty else { return .uploaded }
        guard let source = ExternalRing.Source(rawValue: name.lowercased()) else {
            throw GuardError(.badParameter, "keyType is no kind of keys", parameters: ["keyType"])
        }
        return source
    }

    private static func externalRings(_ rings: [ExternalRing], _ call: Call) throws -> Answer {
        .data(
            ExternalPublicKeyRings(externalPublicKeyRings: try rings.map { try ExternalPublicKeyRing($0, call) }))
    }

    /// Which ring is asked for, which half of it, and where the password is given the private key block. Without
    /// `keyType` and password the block is left out; whoever asks for it in words has to give the password.
    private static func chosenRing(_ call: Call) throws -> (ring: OwnRing, half: KeyHalf, block: [UInt8]?) {
        let name = try call.parameters.text("keyType").flatMap { $0.isEmpty ? nil : $0 }
        guard let half = KeyHalf(rawValue: name ?? KeyHalf.both.rawValue) else {
            throw GuardError(.badParameter, "keyType is no half of a ring", parameters: ["keyType"])
        }
        let ring = try call.guard.ring(call.parameters.keyID("keyid").map { .init($0) }, of: call.caller)
        guard half != .public, ring.locked != nil || half == .private else { return (ring, half, nil) }
        let password = name == nil ? try call.password() : try call.requiredPassword()
        return (
            ring, half, try password.map { try call.guard.privateBlock(of: ring, call.caller, password: $0) }
        )
    }

    /// Milliseconds since 1970, as clients in JavaScript have them.
    private static func epochSeconds(_ text: String) -> Int64? {
        guard let number = Int64(text), number >= 0 else { return nil }
        return number >= 100_000_000_000 ? number / 1000 : number
    }
}
