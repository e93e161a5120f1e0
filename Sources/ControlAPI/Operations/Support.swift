/// What the support desk does.
extension Operations {
    static func deleteUser(_ call: Call) throws -> Answer { try unwritten(call) }
    static func exposeKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func removePIN(_ call: Call) throws -> Answer { try unwritten(call) }
    static func supportResetPassword(_ call: Call) throws -> Answer { try unwritten(call) }
    static func upgradeGuest(_ call: Call) throws -> Answer { try unwritten(call) }
    static func exposedKeys(_ call: Call) throws -> Answer { try unwritten(call) }
}
