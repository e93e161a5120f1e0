import Guard
import MIME

/// Passwords and settings of a user.
extension Operations {
    static func login(_ call: Call) throws -> Answer {
        // Older clients say `ox_password`.
        let password = try call.password("encr_password") ?? call.parameters.secret("ox_password")
        return .bare(LoginResponse(try call.guard.login(call.caller, call.type, password: password)))
    }

    static func logout(_ call: Call) throws -> Answer {
        try call.guard.logout(call.caller)
        return .done
    }

    static func changePassword(_ call: Call) throws -> Answer {
        let token = try call.guard.changePassword(
            call.caller, call.type, from: call.parameters.requiredSecret("oldpass"),
            to: call.parameters.requiredSecret("newpass"))
        return .bare(AuthResponse(auth: token.text.text))
    }

    static func secondary(_ call: Call) throws -> Answer {
        .bare(try call.guard.secondary(call.caller)?.canonical ?? "")
    }

    static func changeSecondary(_ call: Call) throws -> Answer {
        guard let address = EmailAddress(try call.parameters.required("email")) else {
            throw GuardError(.badParameter, "email is no address", parameters: ["email"])
        }
        try call.guard.changeSecondary(call.caller, call.type, to: address, password: call.requiredPassword())
        return .done
    }

    static func deleteRecovery(_ call: Call) throws -> Answer {
        try call.guard.deleteRecovery(call.caller, call.type, password: call.requiredPassword())
        return .done
    }
}
