import Guard
import KeyStore
import MIME

/// What the support desk does.
extension Operations {
    static func deleteUser(_ call: Call) throws -> Answer {
        try call.guard.deleteKeys(of: account(call), actor: call.actor)
        return .done
    }

    static func exposeKey(_ call: Call) throws -> Answer {
        let (url, ends) = try call.guard.exposeKeys(
            of: account(call), host: call.host ?? call.guard.settings.serverName, actor: call.actor)
        guard call.wantsJSON else { return .text(url) }
        return .bare(ExposedKeyResponse(url: url, expiresAt: ends.multipliedReportingOverflow(by: 1000).partialValue))
    }

    static func removePIN(_ call: Call) throws -> Answer {
        try call.guard.removePIN(of: account(call), actor: call.actor)
        return .done
    }

    static func supportResetPassword(_ call: Call) throws -> Answer {
        try call.guard.resetPassword(
            of: account(call), call.type, fallback: address(call, "default"), language: call.language,
            actor: call.actor)
        return .done
    }

    static func upgradeGuest(_ call: Call) throws -> Answer {
        let guest = try call.guard.supportedAccount(
            try required(call, "email"), userID: nil, contextID: nil)
        let id = try call.parameters.integer("user_id")
        let user = try id.map { id in
            try call.guard.supportedAccount(nil, userID: id, contextID: call.parameters.integer("cid"))
        }
        try call.guard.upgradeGuest(guest, to: user, actor: call.actor)
        return .done
    }

    static func exposedKeys(_ call: Call) throws -> Answer {
        guard let keys = try call.guard.exposedKeys(call.parameters.required("token"), password: call.password())
        else { return .notFound }
        return .file(keys, type: "application/pgp-keys", name: "keys.asc")
    }

    /// The account that `email`, or `user_id` and `cid`, name.
    private static func account(_ call: Call) throws -> AccountRecord {
        let address = try address(call, "email")
        let userID = try call.parameters.integer("user_id")
        let contextID = try call.parameters.integer("cid")
        guard address != nil || userID != nil else {
            throw GuardError(.missingParameter, "the parameter email is missing", parameters: ["email"])
        }
        return try call.guard.supportedAccount(address, userID: userID, contextID: contextID)
    }

    private static func address(_ call: Call, _ name: String) throws -> EmailAddress? {
        guard let text = try call.parameters.text(name), !text.isEmpty else { return nil }
        guard let address = EmailAddress(text), address.isDomainMapped else {
            throw GuardError(.badParameter, "\(name) is no address", parameters: [name])
        }
        return address
    }

    private static func required(_ call: Call, _ name: String) throws -> EmailAddress {
        guard let address = try address(call, name) else {
            throw GuardError(.missingParameter, "the parameter \(name) is missing", parameters: [name])
        }
        return address
    }
}
