import CMS
import TestSupport
import Testing

extension OpenSSL {
    static let rootExtensions = ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign,cRLSign"]
    static let leafExtensions = [
        "subjectAltName=email:ann@example.org", "keyUsage=critical,digitalSignature,keyAgreement",
        "extendedKeyUsage=emailProtection",
    ]

    /// A certificate `name.pem` for a new key, issued by `issuer.pem`.
    @discardableResult
    func issue(
        _ name: String, by issuer: String, key: String = "P-256", extensions: [String] = leafExtensions,
        options: String = "-sha256", days: Int = 100, serial: Int = 77
    ) throws -> X509Certificate {
        try folder.write("ext.cnf", "subjectKeyIdentifier=hash\n" + extensions.joined(separator: "\n") + "\n")
        let kind =
            key.hasPrefix("rsa")
            ? "RSA -pkeyopt rsa_keygen_bits:\(key.dropFirst(4))" : "EC -pkeyopt ec_paramgen_curve:\(key)"
        try self("genpkey -algorithm \(kind) -out @\(name).key")
        let config = try folder.write("req.cnf", "[req]\ndistinguished_name=dn\n[dn]\n")
        try self("req -new -config \(config) -key @\(name).key -subj /CN=\(name) -out @\(name).csr")
        try self(
            "x509 -req -in @\(name).csr -CA @\(issuer).pem -CAkey @\(issuer).key -days \(days) -extfile @ext.cnf \(options) -set_serial \(serial) -out @\(name).pem"
        )
        return try certificate(named: name)
    }

    func certificate(named name: String) throws -> X509Certificate { try X509Certificate(pem: read(name + ".pem")) }

    /// The revocation list of an issuer. Each entry: serial number in hexadecimal, date as YYMMDDhhmmssZ, reason.
    func revocationList(by issuer: String, _ entries: [(String, String, String)] = [], days: Int = 10) throws
        -> RevocationList
    {
        try folder.write(
            "index.txt",
            entries.map { "R\t351231235959Z\t\($0.1),\($0.2)\t\($0.0)\tunknown\t/CN=x\n" }.joined())
        try folder.write("crlnumber", "01\n")
        let config = try folder.write(
            "ca.cnf",
            "[ca]\ndefault_ca=c\n[c]\ndatabase=\(folder.file("index.txt"))\ncrlnumber=\(folder.file("crlnumber"))\ndefault_md=sha256\n"
        )
        try self(
            "ca -config \(config) -gencrl -keyfile @\(issuer).key -cert @\(issuer).pem -crldays \(days) -out @l.crl")
        return try #require(RevocationList.parseAll(read("l.crl")).first)
    }
}
