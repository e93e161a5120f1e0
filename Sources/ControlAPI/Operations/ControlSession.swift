import Guard
import Libcrypto
import MIME

/// Sessions of this socket.
extension Operations {
    static func openSession(_ call: Call) throws -> Answer {
        guard let mailbox = EmailAddress(try call.parameters.required("email")) else {
            throw GuardError(.badParameter, "email is no address", parameters: ["email"])
        }
        let password = try call.parameters.secret("password")
        let proof: SessionProof =
            if call.isTrusted {
                .trusted(name: call.actor)
            } else if let user = call.peer.user {
                .local(user: user, password: password)
            } else {
                .password(password)
            }
        let opened = try call.guard.openSession(for: mailbox, proof)
        let account = opened.caller.account
        return .data(
            ControlSessionData(
                session: opened.identifier.withBytes { bytes in
                    String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
                },
                user: account.id, context: account.domainID, guest: account.isGuest, expiresAt: opened.ends * 1000))
    }

    static func closeSession(_ call: Call) throws -> Answer {
        try call.guard.closeSession(call.caller)
        return .done
    }
}
