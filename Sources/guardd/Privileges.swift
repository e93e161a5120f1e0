import Glibc

/// The user guardd becomes when it is started as root.
struct Privileges {
    let name: String
    let user: uid_t
    let group: gid_t

    /// nil when there is nothing to drop. Refuses root without a user to become, and root itself.
    static func planned(user name: String?, group: String? = nil) throws -> Privileges? {
        guard geteuid() == 0 else { return nil }
        guard let name else {
            throw StartupError(
                .root,
                "guardd does not run as root: set user = \"guardd\" in the configuration, or start it as that user (User=guardd)"
            )
        }
        guard let entry = getpwnam(name) else {
            throw StartupError(
                .root,
                "the user \"\(name)\" does not exist: create it (useradd --system \(name), or systemd-sysusers), or correct user"
            )
        }
        guard entry.pointee.pw_uid != 0 else {
            throw StartupError(
                .root, "the user \"\(name)\" is root again: set user to an account that owns nothing but guardd's files"
            )
        }
        let (user, ownGroup) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        guard let group else { return Privileges(name: name, user: user, group: ownGroup) }
        guard let found = getgrnam(group) else {
            throw StartupError(.root, "the group \"\(group)\" does not exist: create it, or correct group")
        }
        return Privileges(name: name, user: user, group: found.pointee.gr_gid)
    }

    /// Runs `body` as the user, and can return to root: files it makes belong to the user.
    func borrowed<R>(_ body: () throws -> R) throws -> R {
        guard initgroups(name, group) == 0, setegid(group) == 0, seteuid(user) == 0 else { throw failure() }
        defer {
            seteuid(0)
            setegid(0)
        }
        return try body()
    }

    /// For good: groups, group and user, in this order. Called by root these set the saved IDs too.
    func drop() throws {
        guard initgroups(name, group) == 0, setgid(group) == 0, setuid(user) == 0 else {
            throw failure()
        }
        guard setuid(0) != 0, geteuid() == user, getegid() == group else {
            throw StartupError(
                .root, "became user \"\(name)\" but could still return to root; this system is not safe to run on")
        }
        Hardening.forbidDumps()
    }

    private func failure() -> StartupError {
        StartupError(.root, "cannot become user \"\(name)\": \(String(cString: strerror(errno)))")
    }
}
