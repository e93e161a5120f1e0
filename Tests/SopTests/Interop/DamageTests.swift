import Foundation
import OpenPGP
import TestSupport
import Testing

/// What must be refused, whoever made it: nothing damaged is read, nothing wrong is verified.
@Suite(.serialized) struct DamageTests {
    static let data = Array("Please pay 100 EUR\r\nby Friday, \u{FC}ber die Bank\r\n".utf8)
    static let producers: [any Peer] = [Peers.ours] + InteropTests.peers
    private let ours = Peers.ours

    struct Material: Sendable {
        let key: [UInt8]
        let certificate: [UInt8]
        let other: [UInt8]
        let otherCertificate: [UInt8]
    }

    private static func material(_ profile: KeyProfile = .compatible) throws -> Material {
        let key = try Peers.ours.makeKey("a@example.org", profile: profile.rawValue)
        let other = try Peers.ours.makeKey("b@example.org", profile: profile.rawValue)
        return Material(
            key: key, certificate: try Peers.ours.certificate(of: key), other: other,
            otherCertificate: try Peers.ours.certificate(of: other))
    }

    private func binary(_ text: [UInt8]) throws -> [UInt8] { try Armor.decode(text).flatMap(\.bytes) }

    private func flipped(_ bytes: [UInt8], _ index: Int) -> [UInt8] {
        var result = bytes
        result[index] ^= 0x10
        return result
    }

    /// Where packets begin, and the end.
    private func boundaries(_ packets: [UInt8]) throws -> [Int] {
        var reader = PacketReader(packets)
        var result: [Int] = []
        while let packet = try reader.next() { result.append(packet.offset) }
        return result + [packets.count]
    }

    private func refusesToDecrypt(_ message: [UInt8], _ key: [UInt8], _ what: String) {
        #expect(throws: TestFailure.self, "\(what)") { try ours.decrypt(message, key: key, signer: nil) }
    }

    @Test(arguments: producers.map(\.name))
    func damagedMessages(_ name: String) throws {
        let producer = try #require(Self.producers.first { $0.name == name })
        let profiles: [KeyProfile] = producer.versions.contains(6) ? [.compatible, .rfc9580] : [.compatible]
        for profile in profiles {
            let material = try Self.material(profile)
            let armored = try producer.encrypt(Self.data, to: material.certificate, signer: material.key)
            #expect(try ours.decrypt(armored, key: material.key, signer: material.certificate) == Self.data)
            let message = try binary(armored)
            let bounds = try boundaries(message)
            // The body of each packet: its first octets, which say versions and algorithms, its middle and its end.
            for (start, end) in zip(bounds, bounds.dropFirst()) {
                let places = [start, start + 3, start + 8, start + 20, (start + end) / 2, end - 22, end - 1]
                for place in Set(places.filter { (start..<end).contains($0) }) {
                    refusesToDecrypt(flipped(message, place), material.key, "\(name) \(profile): flipped at \(place)")
                }
            }
            let starts: [Int] = bounds.dropLast()
            for cut in starts + starts.map({ $0 + 1 }) + [message.count - 1, message.count - 22] {
                refusesToDecrypt(Array(message.prefix(cut)), material.key, "\(name) \(profile): cut at \(cut)")
            }
            refusesToDecrypt(message + message, material.key, "\(name) \(profile): twice")
            refusesToDecrypt(
                message + [0xCB, 3, 0x62, 0, 0], material.key, "\(name) \(profile): with something behind")
            refusesToDecrypt(armored, material.other, "\(name) \(profile): another's key")
            #expect(throws: TestFailure.self, "another signer") {
                try ours.decrypt(armored, key: material.key, signer: material.otherCertificate)
            }
        }
        let locked = try producer.encrypt(Self.data, password: "right")
        #expect(throws: TestFailure.self) { try ours.decrypt(locked, password: "wrong") }
    }

    @Test(arguments: producers.map(\.name))
    func wrongSignatures(_ name: String) throws {
        let producer = try #require(Self.producers.first { $0.name == name })
        let material = try Self.material()
        func refuses(_ signature: [UInt8], _ data: [UInt8], _ certificate: [UInt8], _ what: String) {
            #expect(throws: TestFailure.self, "\(name): \(what)") {
                try ours.verify(signature, of: data, signer: certificate)
            }
        }
        for isText in [false, true] {
            guard let signature = try? producer.sign(Self.data, key: material.key, isText: isText) else { continue }
            try ours.verify(signature, of: Self.data, signer: material.certificate)
            refuses(signature, Self.data + [33], material.certificate, "more data")
            refuses(signature, Array(Self.data.dropFirst()), material.certificate, "less data")
            refuses(signature, [], material.certificate, "no data")
            refuses(signature, Self.data, material.otherCertificate, "another signer")
            let packets = try binary(signature)
            for place in [3, 4, 5, 9, packets.count - 1, packets.count - 40] {
                refuses(flipped(packets, place), Self.data, material.certificate, "flipped at \(place)")
            }
            refuses(Array(packets.dropLast()), Self.data, material.certificate, "cut")
        }
        for isCleartext in [false, true] {
            guard let message = try? producer.inlineSign(Self.data, key: material.key, isCleartext: isCleartext) else {
                continue
            }
            _ = try ours.inlineVerify(message, signer: material.certificate)
            func refuses(_ message: [UInt8], _ certificate: [UInt8], _ what: String) {
                #expect(throws: TestFailure.self, "\(name) inline: \(what)") {
                    try ours.inlineVerify(message, signer: certificate)
                }
            }
            refuses(message, material.otherCertificate, "another signer")
            refuses(Array(message.prefix(message.count / 2)), material.certificate, "cut")
            if isCleartext {
                let text = String(decoding: message, as: UTF8.self)
                refuses(Array(text.replacing("100", with: "900").utf8), material.certificate, "changed")
                refuses(Array(text.replacing("by", with: "P.S.\nby").utf8), material.certificate, "longer")
            } else {
                let packets = try binary(message)
                // The last octet may be padding of a compressed stream.
                for place in [packets.count / 3, packets.count / 2] {
                    refuses(flipped(packets, place), material.certificate, "flipped at \(place)")
                }
            }
        }
    }

    private static let now = Timestamp(Int64(time(nil)))
    private static let year: Int64 = 31_536_000

    /// Keys with a past or a future: nobody encrypts to them or signs with them; what they made in time still counts.
    @Test func keysOutOfTime() throws {
        let past = Self.now.adding(seconds: -2 * Self.year)
        let good = try SecretCertificate.generate(userIDs: ["a"], at: past)
        let expired = try SecretCertificate.generate(userIDs: ["a"], at: past, expiration: UInt32(Self.year))
        let future = try SecretCertificate.generate(userIDs: ["a"], at: Self.now.adding(seconds: Self.year))
        let stolen = try good.revoked(Revocation(.compromised), at: Self.now.adding(seconds: -10))
        let retired = try good.revoked(Revocation(.retired), at: Self.now.adding(seconds: -10))
        for (key, what) in [(expired, "expired"), (future, "of the future"), (stolen, "stolen"), (retired, "retired")] {
            #expect(throws: TestFailure.self, "\(what)") {
                try ours.encrypt(Self.data, to: key.certificate.armored(), signer: nil)
            }
            #expect(throws: TestFailure.self, "\(what)") { try ours.sign(Self.data, key: octets(key), isText: false) }
        }
        _ = try ours.encrypt(Self.data, to: good.certificate.armored(), signer: nil)

        let early = past.adding(seconds: Self.year / 2)
        for (key, signed, counts) in [
            (expired, early, true), (retired, early, true), (stolen, early, false), (good, early, true),
        ] {
            let maker = key.fingerprint == good.fingerprint ? good : key
            let signer = try DetachedSigner(keys: [try maker.signingKey(at: signed)], time: signed)
            signer.push(Self.data)
            let signature = try signer.finish()
            let isAccepted =
                (try? ours.verify(signature, of: Self.data, signer: key.certificate.armored())) != nil
            #expect(isAccepted == counts)
        }
        let late = past.adding(seconds: Self.year + 10)
        let signer = try DetachedSigner(keys: [try expired.signingKey(at: early)], time: late)
        signer.push(Self.data)
        let signature = try signer.finish()
        #expect(throws: TestFailure.self) {
            try ours.verify(signature, of: Self.data, signer: expired.certificate.armored())
        }
        // Old mail stays readable.
        let old = try MessageEncryptor(
            recipients: [try #require(EncryptionRecipient(of: expired.certificate, at: early))], time: early)
        var message: [UInt8] = []
        try old.push(Self.data, into: &message)
        try old.finish(into: &message)
        #expect(try ours.decrypt(message, key: octets(expired), signer: nil) == Self.data)
    }

    private func octets(_ key: SecretCertificate) -> [UInt8] {
        key.armored().withBytes { span in span.withUnsafeBufferPointer(Array.init) }
    }
}
