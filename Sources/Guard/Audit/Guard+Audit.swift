import KeyStore

extension Guard {
    /// Writes a line of the audit log. Called once for every change and every refused change, after its transaction.
    ///
    /// - Parameters:
    ///   - actor: who did it: `Call.actor` of the request.
    ///   - action: what, as `key.create`: a word for the thing, a dot, a word for what happens to it.
    ///   - target: an address, a fingerprint, a serial number; never a secret.
    ///   - result: `ok`, or the code of the refusal.
    public func audit(actor: String, action: String, target: String, result: String = "ok") {
        record(AuditEntry(time: now().seconds, actor: actor, action: action, target: target, result: result))
    }

    /// Runs a change and writes how it ended.
    public func audited<T>(actor: String, action: String, target: String, _ change: () throws -> T) throws -> T {
        do {
            let value = try change()
            audit(actor: actor, action: action, target: target)
            return value
        } catch {
            let code = (error as? GuardError)?.code ?? .internalFailure
            audit(actor: actor, action: action, target: target, result: code.rawValue)
            throw error
        }
    }

    private func record(_ entry: AuditEntry) {
        ports.log("audit: actor=\(entry.actor) action=\(entry.action) target=\(entry.target) result=\(entry.result)")
    }
}
