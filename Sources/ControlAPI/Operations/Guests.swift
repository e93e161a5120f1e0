/// Accounts of guests.
extension Operations {
    static func loginGuest(_ call: Call) throws -> Answer { try unwritten(call) }
    static func firstGuestPassword(_ call: Call) throws -> Answer { try unwritten(call) }
    static func resetGuestPassword(_ call: Call) throws -> Answer { try unwritten(call) }
    static func completeGuestReset(_ call: Call) throws -> Answer { try unwritten(call) }
    static func changeGuestPassword(_ call: Call) throws -> Answer { try unwritten(call) }
}
