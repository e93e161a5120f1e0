import Guard

/// The public directory of our own keys.
extension Operations {
    static func hkpLookup(_ call: Call) throws -> Answer {
        let search = try call.parameters.required("search")
        switch try call.parameters.required("op") {
        case "get":
            return try call.guard.directoryBlock(search: search).map { .file($0, type: "application/pgp-keys") }
                ?? .notFound
        // What machines read is all there is: people have a key program.
        case "index", "vindex": return try call.guard.directoryIndex(search: search).map { .text($0) } ?? .notFound
        default: throw GuardError(.badParameter, "op is none of get, index, vindex", parameters: ["op"])
        }
    }

    static func wkdLookup(_ call: Call) throws -> Answer {
        let key = try call.guard.directoryKey(
            hash: call.parameters.required("hash"), localPart: call.parameters.text("l"), host: call.host)
        return key.map { .file($0, type: "application/octet-stream") } ?? .notFound
    }
}
