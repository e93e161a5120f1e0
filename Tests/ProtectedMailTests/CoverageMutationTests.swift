import CMS
import Foundation
import MIME
import OpenPGP
import ProtectedMail
import Testing

/// Every octet of a signed mail, changed in turn: one that is covered never passes, and one that is not never makes a
/// signature claim more than before.
@Suite struct CoverageMutationTests {
    private static let time = Timestamp(1_793_534_700)

    private func file(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Attacks")
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    private func position(of text: String, in mail: [UInt8]) throws -> Int {
        let data = Data(mail)
        return try #require(data.range(of: Data(text.utf8))?.lowerBound)
    }

    @Test func everyOctetOfSMIME() throws {
        var source = MemorySource()
        try source.trust([file("smime-ca.pem")])
        let mail = try file("honest-smime-ec.eml")
        let time = Timestamp(1_795_567_849 + 240)
        #expect(inspect(message: mail, source: source, time: time).status == .pass)
        let entity = "Content-Type: text/plain; charset=utf-8\r\n\r\nJohnny, you are fired!\r\n"
        let start = try position(of: entity, in: mail)
        for index in start..<start + entity.utf8.count {
            var changed = mail
            changed[index] ^= 0x01
            #expect(inspect(message: changed, source: source, time: time).status != .pass, "octet \(index)")
        }
        let opaque = try file("honest-smime-opaque.eml")
        let armor = try position(of: "MII", in: opaque)
        for index in stride(from: armor, to: opaque.count, by: 13) where opaque[index] >= 0x30 {
            var changed = opaque
            changed[index] = opaque[index] == 0x41 ? 0x42 : 0x41
            guard inspect(message: changed, source: source, time: time).status == .pass else { continue }
            // Not everything in CMS is signed (the list of digests, spare certificates), the content always is.
            let root = try Message(parsing: changed)
            let structure = try CMSContent.parse(root.decodedBody(of: root.root).bytes)
            #expect(try SignedDataReader(structure).content() == Array(entity.utf8), "octet \(index)")
        }
    }

    @Test(arguments: ["honest-signed.eml", "signed-part-in-related.eml", "signed-part-in-alternative.eml"])
    func everyOctet(name: String) throws {
        let source = try MemorySource([file("alice.asc"), file("mallory.asc")])
        let mail = try file(name)
        let entity = "Content-Type: text/plain; charset=utf-8\r\n\r\nJohnny, you are fired!\r\n"
        let covered = try position(of: entity, in: mail)..<position(of: entity, in: mail) + entity.utf8.count
        let before = inspect(message: mail, source: source, time: Self.time)
        let wasWhole = before.signatures.contains { $0.coveredPart == .wholeMessage }
        for index in mail.indices {
            for change: UInt8 in [0x01, 0x20] {
                var changed = mail
                changed[index] ^= change
                let verdict = inspect(message: changed, source: source, time: Self.time)
                if covered.contains(index) { #expect(verdict.status != .pass, "octet \(index)") }
                if !wasWhole {
                    #expect(verdict.status != .pass, "octet \(index)")
                    let claims = verdict.signatures.filter { $0.coveredPart == .wholeMessage && $0.status != .fail }
                    #expect(claims.isEmpty, "octet \(index): \(claims)")
                }
            }
        }
    }
}
