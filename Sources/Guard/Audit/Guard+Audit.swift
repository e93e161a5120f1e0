import KeyStore

extension Guard {
    /// Runs a change and leaves a line of it in the audit log. The line of a change that is made is in the transaction that
    /// makes it: neither is there without the other. That of one that is refused or fails is written afterwards.
    ///
    /// - Parameters:
    ///   - actor: who did it: `Call.actor` of the request.
    ///   - action: what, as `key.create`: a word for the thing, a dot, a word for what happens to it.
    ///   - target: an address, a fingerprint, a serial number; never a secret.
    ///   - change: gives its line to the store together with the change, as `audit`. Where it takes several transactions,
    ///     with the last of those without which the change is not made.
    func audited<T>(
        actor: String, action: String, target: String, _ change: (KeyStore.AuditRecord) throws -> T
    ) throws -> T {
        var line = KeyStore.AuditRecord(
            time: now().seconds, actor: Self.plain(actor), action: Self.plain(action), target: Self.plain(target),
            result: "ok")
        do {
            let value = try change(line)
            ports.audited(line.action, line.result)
            return value
        } catch {
            line.result = ((error as? GuardError)?.code ?? .internalFailure).rawValue
            ports.audited(line.action, line.result)
            do { try store.appendAudit(line) } catch {
                ports.log("audit: \(line.actor) \(line.action) \(line.target) \(line.result): \(error)")
            }
            throw error
        }
    }

    /// The same for what callers change about themselves, with every error as one of ours.
    ///
    /// - Parameter target: what the client calls it, which may be anything; nil for the caller's account.
    func auditing<T>(
        _ caller: Caller, _ action: String, target: String? = nil, _ change: (KeyStore.AuditRecord) throws -> T
    ) throws -> T {
        let target = target.map { String($0.prefix(100)) } ?? caller.account.address.canonical
        return try audited(actor: caller.actor, action: action, target: target) { line in
            try translating { try change(line) }
        }
    }

    /// A word of one line, of bounded length: names come from strangers.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.prefix(320).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
