import Glibc

/// The name of a user of this machine.
enum LoginName {
    /// Nil for a user ID without a name.
    static func of(user: UInt32) -> String? {
        var size = 1024
        while size <= 1 << 20 {
            var buffer = [CChar](repeating: 0, count: size)
            let (status, name) = unsafe buffer.withUnsafeMutableBufferPointer { buffer -> (Int32, String?) in
                guard let base = buffer.baseAddress else { return (ENOMEM, nil) }
                var entry = unsafe passwd()
                var found: UnsafeMutablePointer<passwd>?
                let status = unsafe getpwuid_r(user, &entry, base, buffer.count, &found)
                guard status == 0, unsafe found != nil, let name = unsafe entry.pw_name else { return (status, nil) }
                return (status, unsafe String(cString: name))
            }
            if status != ERANGE { return name }
            size *= 4
        }
        return nil
    }
}
