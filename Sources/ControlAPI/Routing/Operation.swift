import HTTPTypes

/// One row of the routing table: how a request is recognised, who may make it, where it runs and who answers it.
struct Operation: Sendable {
    /// Who may call.
    enum Access: Sendable {
        /// Whoever shows a session.
        case session
        /// The support desk: Basic credentials, or a socket peer with a user ID of `support_uids`.
        case support
        /// Mail filters: Basic credentials, or a socket peer with a user ID of `mail_uids`.
        case mail
        /// Everybody who reaches the socket.
        case open
    }

    /// Which threads do the work.
    enum Lane: Sendable, CaseIterable {
        case quick
        /// Argon2: much memory, a tenth of a second.
        case password
        /// Key generation: seconds.
        case generation
    }

    /// The operationId of the API's description.
    let id: String
    /// The path without a slash at its end; a last element in braces stands for any one element and becomes a parameter.
    let path: String
    /// The value of the query parameter `action`; nil where the path says it all.
    let action: String?
    let methods: [HTTPRequest.Method]
    let access: Access
    let lane: Lane
    let answer: @Sendable (Call) throws -> Answer

    init(
        _ id: String, _ path: String, _ action: String? = nil, _ methods: [HTTPRequest.Method],
        _ access: Access = .session, _ lane: Lane = .quick, _ answer: @escaping @Sendable (Call) throws -> Answer
    ) {
        self.id = id
        self.path = path
        self.action = action
        self.methods = methods
        self.access = access
        self.lane = lane
        self.answer = answer
    }
}
