/// Passwords and settings of a user.
extension Operations {
    static func login(_ call: Call) throws -> Answer { try unwritten(call) }
    static func logout(_ call: Call) throws -> Answer { try unwritten(call) }
    static func changePassword(_ call: Call) throws -> Answer { try unwritten(call) }
    static func secondary(_ call: Call) throws -> Answer { try unwritten(call) }
    static func changeSecondary(_ call: Call) throws -> Answer { try unwritten(call) }
    static func resetPassword(_ call: Call) throws -> Answer { try unwritten(call) }
    static func deleteRecovery(_ call: Call) throws -> Answer { try unwritten(call) }
}
