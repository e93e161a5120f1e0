import Foundation
import OpenPGP
import TestSupport

/// What a copy tells to whoever holds it, and what it says to its readers.
enum CopyReader {
    enum Form { case clear, signed, openpgp, smime }

    static func form(_ copy: DeliveredMessage) -> Form {
        let type = copy.parts.value("Content-Type")?.lowercased() ?? ""
        if type.hasPrefix("multipart/encrypted") { return .openpgp }
        if type.contains("application/pkcs7-mime"), type.contains("enveloped") { return .smime }
        return type.hasPrefix("multipart/signed") ? .signed : .clear
    }

    /// The key IDs of the packets in front of the ciphertext, read without the code under test (RFC 9580, section 4.2).
    static func keyIDs(_ copy: DeliveredMessage) throws -> [String] {
        guard let armor = copy.parts.armor else { throw TestFailure("no armor in a copy for \(copy.recipients)") }
        let lines = String(decoding: armor, as: UTF8.self).components(separatedBy: "\r\n")
        guard let blank = lines.firstIndex(of: "") else { throw TestFailure("no blank line in the armor") }
        let base64 = lines[blank...].filter { !$0.hasPrefix("=") && !$0.hasPrefix("-") }.joined()
        guard let data = Data(base64Encoded: base64) else { throw TestFailure("not base64") }
        let bytes = [UInt8](data)
        var found: [String] = []
        var position = 0
        while position + 2 < bytes.count {
            let tag = bytes[position]
            guard tag & 0xC0 == 0xC0 else { throw TestFailure("an old packet header") }
            guard tag & 0x3F == 1 else { return found }
            var length = Int(bytes[position + 1])
            var start = position + 2
            if length >= 192 {
                guard length < 224 else { throw TestFailure("a long session key packet") }
                length = ((length - 192) << 8) + Int(bytes[position + 2]) + 192
                start += 1
            }
            guard bytes[start] == 3 else { throw TestFailure("version \(bytes[start]) of the session key packet") }
            found.append(bytes[(start + 1)..<(start + 9)].map { String(format: "%02X", $0) }.joined())
            position = start + length
        }
        return found
    }

    /// The serial numbers of the certificates that a copy is encrypted to, as openssl prints them.
    static func serials(_ copy: DeliveredMessage) throws -> [Int] {
        let printed = String(decoding: try openssl(["-cmsout", "-print", "-noout"], copy), as: UTF8.self)
        return printed.split(separator: "\n").compactMap { line in
            guard let range = line.range(of: "serialNumber: ") else { return nil }
            return Int(line[range.upperBound...].trimmingCharacters(in: .whitespaces))
        }
    }

    /// What one reader sees with their key alone; nil where they cannot.
    static func open(_ copy: DeliveredMessage, as address: String, _ people: SplitPeople) throws -> [UInt8]? {
        switch form(copy) {
        case .clear, .signed: return copy.data
        case .openpgp:
            guard let key = people.openpgp[address], let armor = copy.parts.armor else { return nil }
            let decryptor = MessageDecryptor(keys: key.decryptionKeys(), time: Timestamp(1_795_600_000)) { _ in [] }
            try decryptor.push(armor)
            return try decryptor.finish().content.bytes()
        case .smime:
            guard let key = people.smime[address]?.identity else { return nil }
            return try openssl(["-decrypt", "-recip", key.certificateFile, "-inkey", key.keyFile], copy)
        }
    }

    private static func openssl(_ arguments: [String], _ copy: DeliveredMessage) throws -> [UInt8] {
        let folder = try TemporaryDirectory("cms")
        let input = try folder.write("in", copy.data)
        return try Shell.check("openssl", ["cms"] + arguments + ["-inform", "SMIME", "-in", input])
    }
}
