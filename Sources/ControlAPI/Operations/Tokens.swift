/// Tokens that stand for a password, attached to a session.
extension Operations {
    static func checkToken(_ call: Call) throws -> Answer { try unwritten(call) }
    static func loginToken(_ call: Call) throws -> Answer { try unwritten(call) }
    static func saveToken(_ call: Call) throws -> Answer { try unwritten(call) }
}
