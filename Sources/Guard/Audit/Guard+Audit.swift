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
        let record = KeyStore.AuditRecord(
            time: now().seconds, actor: Self.plain(actor), action: Self.plain(action), target: Self.plain(target),
            result: result)
        ports.audited(record.action, result)
        // The change is done: it counts, even where the log cannot be written.
        do { try store.appendAudit(record) } catch {
            ports.log("audit: \(record.actor) \(record.action) \(record.target) \(record.result): \(error)")
        }
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

    /// A word of one line, of bounded length: names come from strangers.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.prefix(320).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
