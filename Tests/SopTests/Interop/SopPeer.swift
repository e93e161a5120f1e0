import TestSupport

/// Any program with the stateless interface.
struct SopPeer: Peer {
    let name: String
    let program: String
    let versions: Set<UInt8>
    private let folder: TemporaryDirectory
    /// What the option for reports is called: older programs know the older name only.
    private let reportOption: String

    init(_ name: String, program: String, versions: Set<UInt8>) {
        self.name = name
        self.program = program
        self.versions = versions
        do { folder = try TemporaryDirectory("peer") } catch { preconditionFailure("\(error)") }
        reportOption = name == "guard-sop" ? "--verifications-out" : "--verify-out"
    }

    private func run(_ arguments: [String], _ input: [UInt8] = []) throws -> [UInt8] {
        let result = try Shell.run(program, arguments, input: input)
        if [37, 69].contains(result.status) { throw Unsupported() }
        // gosop says it another way.
        if result.status == 1, result.error.contains("not defined") || result.error.contains("No help topic") {
            throw Unsupported()
        }
        guard result.status == 0 else {
            throw TestFailure("\(name) \(arguments.first ?? ""): \(result.status) \(result.error.prefix(200))")
        }
        return result.output
    }

    /// A profile of guard-sop's own.
    func makeKey(_ address: String, profile: String) throws -> [UInt8] {
        try run(["generate-key", "--profile=\(profile)", "\(profile) <\(address)>"])
    }

    func makeKey(_ address: String) throws -> [UInt8] { try run(["generate-key", "\(name) <\(address)>"]) }

    func certificate(of key: [UInt8]) throws -> [UInt8] { try run(["extract-cert"], key) }

    func encrypt(_ data: [UInt8], to certificate: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        let options = try signer.map { ["--sign-with=\(try folder.fresh($0))"] } ?? []
        return try run(["encrypt"] + options + [try folder.fresh(certificate)], data)
    }

    func encrypt(_ data: [UInt8], password: String) throws -> [UInt8] {
        try run(["encrypt", "--with-password=\(try folder.fresh(Array(password.utf8)))"], data)
    }

    func decrypt(_ message: [UInt8], key: [UInt8], signer: [UInt8]?) throws -> [UInt8] {
        let keyFile = try folder.fresh(key)
        guard let signer else { return try run(["decrypt", keyFile], message) }
        let report = folder.fresh()
        let content = try run(
            ["decrypt", "\(reportOption)=\(report)", "--verify-with=\(try folder.fresh(signer))", keyFile], message)
        guard try !Shell.check("cat", [report]).isEmpty else { throw TestFailure("\(name): no good signature") }
        return content
    }

    func decrypt(_ message: [UInt8], password: String) throws -> [UInt8] {
        try run(["decrypt", "--with-password=\(try folder.fresh(Array(password.utf8)))"], message)
    }

    func sign(_ data: [UInt8], key: [UInt8], isText: Bool) throws -> [UInt8] {
        try run(["sign", "--as=\(isText ? "text" : "binary")", try folder.fresh(key)], data)
    }

    /// With a key that is locked.
    func sign(_ data: [UInt8], key: [UInt8], password: String) throws -> [UInt8] {
        let password = try folder.fresh(Array(password.utf8))
        return try run(["sign", "--with-key-password=\(password)", try folder.fresh(key)], data)
    }

    func verify(_ signature: [UInt8], of data: [UInt8], signer: [UInt8]) throws {
        let report = try run(["verify", try folder.fresh(signature), try folder.fresh(signer)], data)
        guard !report.isEmpty else { throw TestFailure("\(name): no good signature") }
    }

    func inlineSign(_ data: [UInt8], key: [UInt8], isCleartext: Bool) throws -> [UInt8] {
        // Draft 3 had another name for it.
        let forms = isCleartext ? ["clearsigned", "cleartextsigned"] : ["binary"]
        for form in forms.dropLast() {
            if let message = try? run(["inline-sign", "--as=\(form)", try folder.fresh(key)], data) { return message }
        }
        return try run(["inline-sign", "--as=\(forms.last ?? "")", try folder.fresh(key)], data)
    }

    func inlineVerify(_ message: [UInt8], signer: [UInt8]) throws -> [UInt8] {
        try run(["inline-verify", try folder.fresh(signer)], message)
    }
}
