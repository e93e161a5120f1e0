import Foundation

/// Whether Postfix reaches guardd's socket.
enum SocketChecks {
    static func run(_ site: MailSite) -> [Finding] {
        guard case .unix(let path) = site.gateway.endpoint else { return overTCP(site) }
        var findings: [Finding] = []
        let isBelowQueue = path.hasPrefix(site.queueDirectory + "/")
        let needsIt = site.services.filter { ["smtpd", "cleanup"].contains($0.command) }
        if let locked = needsIt.first(where: \.isChrooted), !isBelowQueue {
            findings.append(
                Finding(
                    .error, "socket-outside-chroot", at: locked.place, in: site.masterFile,
                    "\(locked.title) is locked into \(site.queueDirectory) and cannot reach \(path)",
                    remedy: "socket = \"unix:\(site.queueDirectory)/guardd/milter.sock\" in guardd.toml"))
        }
        return findings + permissions(path, site)
    }

    /// Only where the socket is there: before the first start there is nothing to look at.
    private static func permissions(_ path: String, _ site: MailSite) -> [Finding] {
        let owner = site.main["mail_owner"].value
        guard let user = getpwnam(owner), let item = FileManager.default.attributes(path) else { return [] }
        let (userID, groupID) = (user.pointee.pw_uid, user.pointee.pw_gid)
        func allows(_ item: FileManager.Item, _ bits: Int) -> Bool {
            let shift = item.owner == userID ? 6 : item.group == groupID || isMember(owner, item.group) ? 3 : 0
            return (item.mode >> shift) & bits == bits
        }
        func finding(_ message: String) -> Finding {
            Finding(
                .error, "socket-permissions", at: nil, in: path, message,
                remedy: "socket_group = \"postfix\" and socket_mode = \"0660\" in guardd.toml")
        }
        guard allows(item, 0o6) else { return [finding("Postfix (\(owner)) may not use the socket \(path)")] }
        var directory = (path as NSString).deletingLastPathComponent
        while directory != "/", !directory.isEmpty {
            if let item = FileManager.default.attributes(directory), !allows(item, 0o1) {
                return [finding("Postfix (\(owner)) may not enter \(directory), where the socket is")]
            }
            directory = (directory as NSString).deletingLastPathComponent
        }
        return []
    }

    private static func isMember(_ user: String, _ group: gid_t) -> Bool {
        guard let entry = getgrgid(group) else { return false }
        var member = entry.pointee.gr_mem
        while let name = member?.pointee {
            if String(cString: name) == user { return true }
            member = member?.advanced(by: 1)
        }
        return false
    }

    private static func overTCP(_ site: MailSite) -> [Finding] {
        guard case .inet(let host, _) = site.gateway.endpoint else { return [] }
        if !host.hasPrefix("127.") {
            return [
                Finding(
                    .warning, "milter-over-network", at: nil, in: site.mainFile,
                    "guardd listens on \(host): mail crosses the network in clear between Postfix and guardd",
                    remedy: "socket = \"unix:\(site.queueDirectory)/guardd/milter.sock\" in guardd.toml")
            ]
        }
        return [
            Finding(
                .notice, "milter-over-tcp", at: nil, in: site.mainFile,
                "over TCP every message waits 40 ms for a delayed acknowledgement",
                remedy: "socket = \"unix:\(site.queueDirectory)/guardd/milter.sock\" in guardd.toml")
        ]
    }

    /// A list names guardd, but not where it listens.
    static func wrongAddress(
        _ entry: MilterEntry, of service: MasterService, at place: PostfixParameters.Place?, _ site: MailSite
    ) -> Finding {
        let seen = entry.endpoint(queueDirectory: site.queueDirectory, isChrooted: service.isChrooted)
        var path = entry.address
        if case .unix(let seen) = seen { path = seen }
        return Finding(
            .error, "wrong-socket", at: place, in: site.mainFile,
            "\(service.title) looks for guardd at \(path)\(service.isChrooted ? ", being locked into its queue" : ""), "
                + "but guardd listens on \(site.gateway.socket)",
            remedy: "smtpd_milters = \(site.gatewayAddress)")
    }
}

extension FileManager {
    struct Item {
        let owner: uid_t
        let group: gid_t
        let mode: Int
    }

    /// Owner, group and permission bits; nil where there is nothing, or nothing that we may see.
    fileprivate func attributes(_ path: String) -> Item? {
        guard let found = try? attributesOfItem(atPath: path), let mode = found[.posixPermissions] as? Int,
            let owner = found[.ownerAccountID] as? Int, let group = found[.groupOwnerAccountID] as? Int
        else { return nil }
        return Item(owner: uid_t(truncatingIfNeeded: owner), group: gid_t(truncatingIfNeeded: group), mode: mode)
    }
}
