import Foundation

/// A private Dovecot: passwords by its auth socket, delivery by LMTP into folders of its own. Needs root, as Dovecot does.
public final class DovecotInstance: @unchecked Sendable {
    /// Whether this machine and user can run it.
    public static let isAvailable: Bool =
        geteuid() == 0 && Shell.has("dovecot") && FileManager.default.fileExists(atPath: "/usr/lib/dovecot/lmtp")

    public let folder: TemporaryDirectory
    public var authSocket: String { folder.file("run/auth-client") }
    public var lmtpSocket: String { folder.file("run/lmtp") }
    private let process: ChildProcess

    /// - Parameters:
    ///   - users: mailboxes with their passwords; a mailbox that is not here is refused.
    ///   - full: mailboxes over their quota.
    public init(users: [String: String], full: Set<String> = []) throws {
        folder = try TemporaryDirectory("dovecot", mode: 0o755)
        let lines = users.sorted { $0.key < $1.key }.map { name, password in
            let quota = full.contains(name) ? "userdb_quota_rule=*:storage=1B" : ""
            return "\(name):{PLAIN}\(password)::::::\(quota)\n"
        }
        try folder.write("users", lines.joined(), mode: 0o644)
        mkdir(folder.file("mail"), 0o755)
        chown(folder.file("mail"), 65534, 65534)
        try folder.write(
            "dovecot.conf",
            """
            base_dir = \(folder.file("run"))
            state_dir = \(folder.file("state"))
            log_path = \(folder.file("log"))
            protocols = \(Self.isAvailable ? "lmtp" : "")
            ssl = no
            auth_mechanisms = plain
            auth_failure_delay = 0
            default_internal_user = dovecot
            default_login_user = dovenull
            first_valid_uid = 1
            first_valid_gid = 1
            mail_location = maildir:\(folder.file("mail"))/%u
            mail_plugins = quota
            plugin {
              quota = count:User quota
              quota_vsizes = yes
            }
            mailbox_list_index = yes
            default_process_limit = 400
            service lmtp {
              process_limit = 400
              unix_listener lmtp {
                mode = 0666
              }
            }
            passdb {
              driver = passwd-file
              args = \(folder.file("users"))
            }
            userdb {
              driver = passwd-file
              args = \(folder.file("users"))
              default_fields = uid=65534 gid=65534 home=\(folder.file("mail"))/%u
            }
            service auth {
              user = root
              unix_listener auth-client {
                mode = 0666
              }
            }
            """)
        process = try ChildProcess("dovecot", ["-F", "-c", folder.file("dovecot.conf")], log: folder.file("out"))
        try Wait.untilListening(.unix(authSocket))
        if Self.isAvailable { try Wait.untilListening(.unix(lmtpSocket)) }
    }

    public var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// What was delivered to a mailbox, in the order of arrival, line ends CRLF.
    public func mail(of user: String) -> [MailParts] {
        ["new", "cur"].flatMap { place -> [MailParts] in
            let path = folder.file("mail/\(user)/\(place)")
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
            return names.compactMap { FileManager.default.contents(atPath: "\(path)/\($0)") }
                .map { MailParts(Array($0)) }
        }
    }

    /// How many messages a mailbox has that nobody has seen.
    public func count(_ user: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.file("mail/\(user)/new")).count) ?? 0
    }

    /// Takes all of these away.
    public func clear(_ user: String) {
        let path = folder.file("mail/\(user)/new")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] { unlink("\(path)/\(name)") }
    }

    /// Waits for a number of messages in a mailbox.
    public func wait(_ count: Int = 1, for user: String) throws -> [MailParts] {
        guard Wait.until(seconds: 60, { mail(of: user).count >= count }) else {
            throw TestFailure("\(mail(of: user).count) of \(count) messages for \(user)\n\(log.suffix(2000))")
        }
        return mail(of: user)
    }

    public func stop() { process.stop() }

    deinit { stop() }
}
