import MIME
import OpenPGP

/// Follows the body of a multipart/signed message as it arrives: the first part is hashed at once, the second, small
/// one is kept.
final class SignedStream {
    /// What the body turned out to be.
    struct Outcome {
        /// Reasons why the signature does not cover everything a reader may see; empty if it does.
        var doubts: [Reason] = []
        /// The armored or binary signatures; nil where the structure is not the one of RFC 1847.
        var signatures: [UInt8]?
        /// The header of the signed part; nil where it is too long to be looked at.
        var header: HeaderBlock?
    }

    let verifier: DetachedVerifier
    private var scanner: MultipartScanner
    private var preamble: [UInt8] = []
    private var epilogue: [UInt8] = []
    private var signaturePart: [UInt8] = []
    private var isOverlong = false
    /// The start of the signed part: enough for its header.
    private var contentHead: [UInt8] = []
    private static let maxHead = 16 << 10
    /// No honest signature part comes near this, in octets.
    private static let maxSignaturePart = 1 << 20

    /// Nil without a boundary.
    init?(contentType: ContentType, hashes: Set<SaltedHash>) throws {
        guard let boundary = contentType.parameterBytes("boundary"),
            let scanner = try? MultipartScanner(boundary: boundary)
        else { return nil }
        self.scanner = scanner
        verifier = try DetachedVerifier(hashes: hashes)
    }

    /// The hashes that the micalg parameter announces (RFC 3156, section 5); SHA-256 and SHA-512 where it says nothing.
    static func announcedHashes(_ contentType: ContentType) -> Set<SaltedHash> {
        let names = (contentType.parameter("micalg") ?? "").lowercased().split(separator: ",")
        let hashes = names.compactMap { name -> HashID? in
            let word = String(name.filter { !$0.isWhitespace })
            return HashID(name: word.hasPrefix("pgp-") ? String(word.dropFirst(4)) : word)
        }
        let usable = Set(hashes.filter { $0.algorithm != nil })
        return Set((usable.isEmpty ? [.sha256, .sha512] : usable).map { SaltedHash($0) })
    }

    func push(_ bytes: Span<UInt8>) {
        scanner.push(bytes) { take($0, $1) }
    }

    private func take(_ region: MultipartScanner.Region, _ bytes: Span<UInt8>) {
        switch region {
        case .preamble: Self.keep(bytes, in: &preamble)
        case .part(0):
            verifier.push(bytes)
            let room = min(bytes.count, Self.maxHead - contentHead.count)
            if room > 0 { contentHead.append(bytes.extracting(0..<room)) }
        case .part(1) where signaturePart.count + bytes.count <= Self.maxSignaturePart: signaturePart.append(bytes)
        case .part: isOverlong = true
        case .epilogue: Self.keep(bytes, in: &epilogue)
        case .delimiter, .closeDelimiter: break
        }
    }

    /// Keeps enough of what stands around the parts to tell a notice from a message.
    private static func keep(_ bytes: Span<UInt8>, in target: inout [UInt8]) {
        let blank = target.isEmpty && (0..<bytes.count).allSatisfy { Octet.isBlank(bytes[$0]) }
        guard !blank, target.count <= Preamble.maxLength else { return }
        target.append(bytes.extracting(0..<min(bytes.count, Preamble.maxLength + 1)))
    }

    /// Ends the body and says whether it has the shape of RFC 1847: two parts, the second one a signature.
    func finish() -> Outcome {
        scanner.finish { take($0, $1) }
        var outcome = Outcome()
        guard scanner.partCount == 2, !isOverlong, let part = try? Message(parsing: signaturePart),
            part.root.contentType.type == "application", part.root.contentType.subtype == "pgp-signature"
        else { return outcome }
        let head = try? Message(parsing: contentHead).root.header
        outcome.header = contentHead.count < Self.maxHead || head?.separator.isEmpty == false ? head : nil
        outcome.signatures = part.decodedBody(of: part.root).bytes
        if !scanner.isClosed || scanner.hasDelimiterPrefix || scanner.hasDelimiterAfterClose
            || part.root.defects.contains(where: StructureDoubts.divides)
        {
            outcome.doubts.append(Reason(.partialCoverage, "the parts of the message can be read in more than one way"))
        }
        if !Preamble.isHarmless(preamble) || !Preamble.isHarmless(epilogue) {
            outcome.doubts.append(Reason(.partialCoverage, "there is text before or after the signed part"))
        }
        return outcome
    }
}
