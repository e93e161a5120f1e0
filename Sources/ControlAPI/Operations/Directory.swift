/// The public directory of our own keys.
extension Operations {
    static func hkpLookup(_ call: Call) throws -> Answer { try unwritten(call) }
    static func wkdLookup(_ call: Call) throws -> Answer { try unwritten(call) }
}
