extension SecretCertificate {
    /// The key with another user ID. It says of the key what the main user ID says.
    ///
    /// - Parameters:
    ///   - text: by custom `Name <address>`; 1...2048 octets.
    ///   - isPrimary: whether it becomes the main one.
    /// - Throws: `invalidArgument`, also where the user ID stands and is not revoked; `secretUnavailable`.
    public func addingUserID(
        _ text: String, isPrimary: Bool = false, at time: Timestamp
    ) throws -> SecretCertificate {
        let userID = UserID(bytes: Array(text.utf8))
        guard (1...2048).contains(userID.bytes.count) else {
            throw OpenPGPError(.invalidArgument, "a user ID must have 1 to 2048 octets")
        }
        let mainUserID = certificate.primaryUserID(at: time, policy: .archive)
        return try edited(at: time) { editor in
            let known = editor.parts.userIDs.firstIndex { $0.userID == userID }
            if let known, editor.binding(ofUserID: known) != nil {
                throw OpenPGPError(.invalidArgument, "the key has this user ID already")
            }
            // Version 6 says what holds for the key as a whole in its direct-key signature (RFC 9580 section 10.1.1).
            let main = editor.parts.userIDs.firstIndex { $0.userID == mainUserID }
            let isSaidElsewhere = editor.primary.version > 4 && editor.direct != nil
            let template = isSaidElsewhere ? nil : main.flatMap { editor.binding(ofUserID: $0) } ?? editor.direct
            var builder: SignatureBuilder
            if let template {
                builder = try editor.renewal(of: template)
                builder.type = .positiveCertification
                builder.hashed.remove(.primaryUserID)
                builder.hashed.remove(.revocationKey)
            } else {
                builder = try editor.builder(.positiveCertification)
            }
            if template == nil, !isSaidElsewhere {
                builder.hashed.append(Subpacket(.keyFlags, [KeyFlags([.certify, .sign]).rawValue]))
                builder.hashed.append(Subpacket(.features, [Features.seipdV1.rawValue]))
            }
            if isPrimary { builder.hashed.append(Subpacket(.primaryUserID, [1])) }
            try editor.add(builder, toUserID: known ?? editor.append(userID: userID))
        }
    }
}
