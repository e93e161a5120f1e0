import Guard
import Libcrypto
import MIME

/// Accounts of guests.
extension Operations {
    static func loginGuest(_ call: Call) throws -> Answer {
        let address = try guestAddress(call, "username")
        // Without a password it only tells how passwords have to be, as before the first one.
        let auth = try call.password().map { try call.guard.loginGuest(address, password: $0) }
        return .bare(
            GuestLoginResponse(
                productName: call.guard.settings.mail.product, auth: auth?.text ?? "",
                recoveryAvail: call.guard.guestsCanReset,
                settings: .init(minimumPasswordLength: call.guard.settings.passwords.minimumLength)))
    }

    static func firstGuestPassword(_ call: Call) throws -> Answer {
        for name in ["question", "answer"] { try call.parameters.demand(name) }
        let auth = try call.guard.assignFirstPassword(
            GuestFirstPassword(
                address: guestAddress(call, "email"), item: call.parameters.required("itemId"),
                pin: call.parameters.secret("pin"), answer: call.parameters.secret("answer"),
                password: call.parameters.requiredSecret("newpass")))
        return .bare(GuestAuthResponse(auth: auth.text))
    }

    static func resetGuestPassword(_ call: Call) throws -> Answer {
        try call.parameters.demand("answer")
        try call.guard.requestGuestReset(
            address: guestAddress(call, "email"), answer: call.parameters.secret("answer"), language: call.language,
            templateNumber: call.parameters.integer("templid", in: 0...99_999).map { Int($0) })
        return .done
    }

    static func completeGuestReset(_ call: Call) throws -> Answer {
        try call.guard.completeGuestReset(
            address: guestAddress(call, "email"), resetID: call.parameters.required("resetid"),
            password: call.parameters.requiredSecret("password"))
        return .bare("OK")
    }

    static func changeGuestPassword(_ call: Call) throws -> Answer {
        let auth = try call.guard.changeGuestPassword(
            auth: SecretBytes(copying: Array(call.parameters.required("auth").utf8)),
            from: call.parameters.requiredSecret("oldpass"), to: call.parameters.requiredSecret("newpass"),
            peer: call.actor)
        return .bare(GuestAuthResponse(auth: auth.text))
    }

    private static func guestAddress(_ call: Call, _ name: String) throws -> EmailAddress {
        guard let address = EmailAddress(try call.parameters.required(name)), address.isDomainMapped else {
            throw GuardError(.badParameter, "\(name) is no address", parameters: [name])
        }
        return address
    }
}
