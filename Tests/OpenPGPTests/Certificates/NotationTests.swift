import Libcrypto
import Testing

@testable import OpenPGP

@Suite struct NotationTests {
    private typealias Base = MessageRoundTripTests

    /// A critical notation voids a signature for all but those who know its name.
    @Test func criticalOnesCountForThoseWhoKnowThem() throws {
        let key = try Base.key("alice")
        let signer = try key.signingKey(at: Base.now)
        func outcome(_ notations: [Notation], knowing names: Set<String>) throws -> SignatureOutcome? {
            var builder = try SignatureBuilder(.binary, creation: Base.now, issuer: signer.publicKey)
            for notation in notations { builder.hashed.append(try notation.subpacket()) }
            let content = Array("hello".utf8)
            let digest = try Digest(try #require(builder.hash.algorithm))
            digest.update(content)
            var packets: [UInt8] = []
            PacketWriter.write(
                .signature, body: try builder.sign(digest: digest, with: signer).serializedBody, into: &packets)
            var policy = AlgorithmPolicy.standard
            policy.criticalNotations = names
            let verifier = try DetachedVerifier(signatures: packets)
            verifier.push(content)
            return try verifier.finish(signatures: packets, time: Base.now, policy: policy) { _ in [key.certificate] }
                .first?.outcome
        }
        let critical = Notation("role@example.org", "boss", isCritical: true)
        let unknown = SignatureOutcome.malformed("the signature has an unknown critical notation")
        #expect(AlgorithmPolicy.standard.criticalNotations.isEmpty)
        #expect(try outcome([critical], knowing: []) == unknown)
        #expect(try outcome([critical], knowing: ["role@example.net"]) == unknown)
        #expect(try outcome([critical], knowing: ["role@example.org"]) == .good)
        #expect(
            try outcome([critical, Notation("a@b", "c", isCritical: true)], knowing: ["role@example.org"]) == unknown)
        #expect(try outcome([Notation("role@example.org", "boss")], knowing: []) == .good)
    }
}
