import Guard

/// A forgotten password.
extension Operations {
    static func mailNewPassword(_ call: Call) throws -> Answer {
        try call.guard.resetPassword(
            call.caller, call.type, source: call.actor, language: call.language,
            templateNumber: call.parameters.integer("templid", in: 0...99_999).map { Int($0) })
        return .done
    }
}
