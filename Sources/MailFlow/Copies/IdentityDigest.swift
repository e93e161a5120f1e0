import Libcrypto
import MIME

/// Computes a ``MessageIdentity`` while the body arrives.
final class IdentityDigest {
    private static let fields = ["From", "To", "Cc", "Subject", "Date", "Message-ID"]
    private let digest: Digest

    init(header: [HeaderField]) throws {
        digest = try Digest(.sha256)
        for name in Self.fields {
            for field in header where field.isNamed(name) {
                // Each with its length, so that text cannot move from one field to the next.
                let value = field.unfolded
                digest.update(Array("\(name):\(value.count):".utf8) + value)
            }
        }
        digest.update(Array("body:".utf8))
    }

    func push(_ bytes: Span<UInt8>) { digest.update(bytes) }

    func finish() -> MessageIdentity { MessageIdentity(digest: digest.finish()) }
}
