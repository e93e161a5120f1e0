/// Sessions of this socket.
extension Operations {
    static func openSession(_ call: Call) throws -> Answer { try unwritten(call) }
    static func closeSession(_ call: Call) throws -> Answer { try unwritten(call) }
}
