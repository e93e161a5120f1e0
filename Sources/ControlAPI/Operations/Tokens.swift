import Guard

/// Tokens that stand for a password, attached to a session.
extension Operations {
    static func checkToken(_ call: Call) throws -> Answer {
        .data(try call.guard.attachedToken(of: call.caller, call.type).map(AuthTokenResponse.init))
    }

    static func loginToken(_ call: Call) throws -> Answer {
        let minutes = try call.parameters.integer("minutesValid")
        let token = try call.guard.authenticate(
            call.caller, call.type, password: call.requiredPassword(), minutes: minutes)
        return .data(AuthTokenResponse(token))
    }

    static func saveToken(_ call: Call) throws -> Answer {
        let minutes = try call.parameters.integer("minutesValid") ?? 0
        let token = try call.guard.attach(
            token: call.parameters.requiredSecret("auth"), to: call.caller, call.type, minutes: minutes)
        return .data(AuthTokenResponse(token))
    }
}
