import OpenPGP
import TestSupport

/// A change that a client asks for: one transaction of the store each.
enum CrashChange: Sendable {
    case open
    case logout
    case create(password: String, secondary: String?)
    /// Two keys in one upload.
    case upload([SecretCertificate], password: String)
    case makeCurrent(String)
    case addUserID(String, address: String)
    case delete(String)
    case uploadExternal([Certificate])
    case share(String, Bool)
    case inline(String, Bool)
    case deleteExternal(String)
    case changePassword(String)
    case changeSecondary(String)
    case attach

    /// What the audit log calls it; nil for what is no change of keys.
    var auditName: String? {
        switch self {
        case .open, .logout, .attach: nil
        case .create: "key.create"
        case .upload: "key.upload"
        case .makeCurrent: "key.current"
        case .addUserID: "key.adduserid"
        case .delete: "key.delete"
        case .uploadExternal: "external.upload"
        case .share: "external.share"
        case .inline: "external.inline"
        case .deleteExternal: "external.delete"
        case .changePassword: "password.change PGP"
        case .changeSecondary: "secondary.change PGP"
        }
    }

    /// The request, to the session of an account.
    func send(_ client: ControlClient, session: String, address: String, password: String) throws -> StoryReply {
        func keys(_ action: String) -> String { "/oxguard/keys?action=\(action)&session=\(session)" }
        func id(_ fingerprint: String) -> String { "0x" + fingerprint.suffix(16) }
        switch self {
        case .open: return try client.post("/guardd/session?action=open", form: ["email": address])
        case .logout: return try client.get("/oxguard/login?action=logout&session=\(session)")
        case .create(let password, let secondary):
            var form = ["name": "Somebody", "password": password]
            form["email"] = secondary
            return try client.post(keys("create"), form: form)
        case .upload(let secrets, let password):
            let file = secrets.flatMap { $0.serialized().withBytes { span in span.indices.map { span[$0] } } }
            return try client.post(keys("upload"), parts: [("key", file), ("newPassword", Array(password.utf8))])
        case .makeCurrent(let ring): return try client.post(keys("setCurrentKey"), form: ["keyid": id(ring)])
        case .addUserID(let ring, let address):
            return try client.post(
                keys("addUserId"), form: ["keyid": id(ring), "name": "More", "email": address, "password": password])
        case .delete(let ring):
            return try client.post(keys("delete"), form: ["keyid": id(ring), "password": password])
        case .uploadExternal(let certificates):
            return try client.post(
                keys("uploadExternalPublicKey"), parts: [("key", certificates.flatMap { $0.serialized() })])
        case .share(let ring, let flag):
            return try client.post(keys("shareExternalPublicKey"), form: ["keyids": ring, "share": "\(flag)"])
        case .inline(let ring, let flag):
            return try client.post(keys("inlineExternalPublicKey"), form: ["keyids": ring, "inline": "\(flag)"])
        case .deleteExternal(let ring):
            return try client.post(keys("deleteExternalPublicKey"), form: ["keyids": ring])
        case .changePassword(let new):
            return try client.post(
                "/oxguard/login?action=changepass&session=\(session)", json: ["oldpass": password, "newpass": new])
        case .changeSecondary(let address):
            return try client.post(
                "/oxguard/login?action=changesecondary&session=\(session)",
                json: ["email": address, "password": password])
        case .attach:
            return try client.post(
                "/oxguard/auth?action=login&session=\(session)", json: ["password": password, "minutesValid": 60])
        }
    }

    /// The account as it is after the change.
    ///
    /// - Parameter news: fingerprints of what was made on the way; hashes of sessions.
    func applied(to before: StoredAccount, at address: String, news: [String]) -> StoredAccount {
        var after = before
        switch self {
        case .open:
            after.sessions.formUnion(news)
            return after
        case .logout:
            after.sessions = []
            (after.tokens, after.attached) = (0, 0)
            return after
        case .attach:
            after.tokens += 1
            after.attached = 1
            return after
        case .create(_, let secondary):
            after.rings += news.map { .init(fingerprint: $0, isCurrent: true, addresses: [address]) }
            after.setCurrent(news.last)
            after.secondary = secondary ?? after.secondary
        case .upload(let secrets, _):
            let fingerprints = secrets.map(\.fingerprint.hex)
            after.rings += fingerprints.map { .init(fingerprint: $0, isCurrent: true, addresses: [address]) }
            after.setCurrent(fingerprints.last)
        case .makeCurrent(let ring): after.setCurrent(ring)
        case .addUserID(let ring, let address):
            for index in after.rings.indices where after.rings[index].fingerprint == ring {
                after.rings[index].addresses = (after.rings[index].addresses + [address]).sorted()
            }
        case .delete(let ring):
            let wasCurrent = after.currentRing?.fingerprint == ring
            after.rings.removeAll { $0.fingerprint == ring }
            after.deleted.append(ring)
            if wasCurrent { after.setCurrent(after.rings.last?.fingerprint) }
            (after.tokens, after.attached) = (0, 0)
        case .uploadExternal(let certificates):
            for certificate in certificates { after.externals[certificate.fingerprint.hex] = .init() }
        case .share(let ring, let flag): after.externals[ring]?.isShared = flag
        case .inline(let ring, let flag): after.externals[ring]?.isInline = flag
        case .deleteExternal(let ring): after.externals[ring] = nil
        case .changePassword: (after.tokens, after.attached) = (1, 0)
        case .changeSecondary(let address): after.secondary = address
        }
        after.version += 1
        return after
    }
}
