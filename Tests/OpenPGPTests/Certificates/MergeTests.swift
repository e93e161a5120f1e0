import Libcrypto
import OpenPGP
import Testing

@Suite struct MergeTests {
    private static let created = Timestamp(1_700_000_000)

    /// A packet sequence of a certificate with one signature changed by `change`.
    private func packets(_ certificate: Certificate) throws -> [RawPacket] {
        var reader = PacketReader(certificate.serialized())
        var found: [RawPacket] = []
        while let packet = try reader.next() { found.append(packet) }
        return found
    }

    private func write(_ packets: [(PacketTag, [UInt8])]) -> [UInt8] {
        var output: [UInt8] = []
        for (tag, body) in packets { PacketWriter.write(tag, body: body, into: &output) }
        return output
    }

    @Test func losesNothingAndDropsDuplicates() throws {
        let whole = try SecretCertificate.generate(
            userIDs: ["A <a@example.org>", "B <b@example.org>"], at: Self.created
        ).certificate
        let all = try packets(whole).map { ($0.tag, Array($0.body)) }
        // Primary key, A, its signature, B, its signature, subkey, its binding.
        let first = try Certificate(parsing: write([all[0], all[1], all[2], all[2], all[1]]))
        let second = try Certificate(parsing: write([all[0], all[3], all[4], all[5], all[6]]))
        #expect(first.userIDs.count == 1)
        #expect(first.userIDs.first?.signatures.signatures.count == 1)
        #expect(try first.merged(with: second) == whole)
        #expect(try second.merged(with: first).validUserIDs(at: Self.created).count == 2)
        #expect(try whole.merged(with: first) == whole)
        let other = try SecretCertificate.generate(userIDs: ["A <a@example.org>"], at: Self.created).certificate
        #expect(throws: OpenPGPError(.invalidArgument, "")) { try whole.merged(with: other) }
    }

    @Test func boundsTheSignaturesOfOthers() throws {
        let key = try SecretCertificate.generate(userIDs: ["A <a@example.org>"], at: Self.created)
        let other = try SecretCertificate.generate(userIDs: ["B <b@example.org>"], at: Self.created)
        let signer = try other.signingKey(at: Self.created)
        var all = try packets(key.certificate).map { ($0.tag, Array($0.body)) }
        let flood = try (0..<400).map { index -> (PacketTag, [UInt8]) in
            let builder = try SignatureBuilder(
                .genericCertification, creation: Self.created.adding(seconds: Int64(index)), issuer: signer.publicKey)
            let digest = try TestDigest.digest(.sha512, [UInt8(truncatingIfNeeded: index)])
            return (.signature, try builder.sign(digest: digest, with: signer).serializedBody)
        }
        // In front of the own signature, which must not be the one that is dropped.
        all.insert(contentsOf: flood, at: 2)
        let certificate = try Certificate(parsing: write(all))
        #expect(certificate.userIDs.first?.signatures.signatures.count == ComponentSignatures.maximumThirdParty + 1)
        #expect(certificate.validUserIDs(at: Self.created).count == 1)
        #expect(try key.certificate.merged(with: certificate).validUserIDs(at: Self.created).count == 1)
    }

    @Test func keepsWhatItCannotRead() throws {
        let certificate = try SecretCertificate.generate(userIDs: ["A <a@example.org>"], at: Self.created).certificate
        var all = try packets(certificate).map { ($0.tag, Array($0.body)) }
        all.insert((.signature, [9, 0x13, 27, 10, 0, 0, 0, 0]), at: 3)
        all.append((PacketTag(rawValue: 60), [1, 2, 3]))
        all.append((.signature, [5, 1, 2]))
        all.append((.publicSubkey, [9, 0, 0, 0, 1, 27, 0, 0, 0, 0]))
        all.append((.trust, [1]))
        let (found, problems) = try Certificate.parseAll(write(all))
        let read = try #require(found.first)
        #expect(problems.map(\.code) == [.unsupportedVersion, .unsupportedVersion])
        #expect(read.userIDs.first?.signatures.opaque.count == 1)
        #expect(read.unknownComponents.map(\.body) == [[1, 2, 3], [9, 0, 0, 0, 1, 27, 0, 0, 0, 0]])
        #expect(read.encryptionKeys(at: Self.created) == certificate.encryptionKeys(at: Self.created))
        #expect(try Certificate(parsing: read.serialized()) == read)
    }

    @Test func saysWhenThereIsNoCertificate() throws {
        #expect(throws: OpenPGPError(.unexpectedData, "")) { try Certificate(parsing: Array("hello".utf8)) }
        #expect(throws: OpenPGPError.self) { try Certificate(parsing: []) }
        let two = try (0..<2).flatMap { index in
            try SecretCertificate.generate(userIDs: ["A\(index)"], at: Self.created).certificate.serialized()
        }
        #expect(throws: OpenPGPError(.unexpectedData, "")) { try Certificate(parsing: two) }
        #expect(try Certificate.parseAll(two).certificates.count == 2)
    }

    @Test func readsMailAddressesOfUserIDs() {
        func address(_ text: String) -> String? { UserID(bytes: Array(text.utf8)).emailAddress }
        #expect(address("Alice <alice@example.org>") == "alice@example.org")
        #expect(address("alice@example.org") == "alice@example.org")
        #expect(address("Älice (work) <älice@exämple.org>") == "älice@exämple.org")
        for bad in [
            "", "Alice", "a@b@c", "<a@b> <c@d>", "A <a b@c>", "A <a@b\u{200B}>", "A <a@b>x", "@b", "A <a@b\r\n>",
        ] {
            #expect(address(bad) == nil, "\(bad)")
        }
        #expect(UserID(bytes: [0xFF, 0x40, 0x41]).emailAddress == nil)
    }
}
