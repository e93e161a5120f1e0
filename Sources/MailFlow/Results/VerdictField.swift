import MIME
public import ProtectedMail

/// Writes the whole verdict as one field for filters, Sieve and webmail.
///
///     Guardd-Verdict: <status>; protocol=<protocol>; encrypted=<yes|no>; reason=<codes>
///         [; signature=<status>; protocol=...; signer=...; trust=...; coverage=...; key=...; reason=<codes>]...
///
/// As ABNF (RFC 5234; folding may stand where a space does):
///
///     verdict   = status "; protocol=" protocol "; encrypted=" ("yes" / "no") "; reason=" codes *("; " signature)
///     signature = "signature=" status "; protocol=" protocol "; signer=" (address / "unknown") "; trust=" trust
///                 "; coverage=" ("message" / section) "; key=" (1*HEXDIG / "unknown") "; reason=" codes
///     status    = "pass" / "fail" / "policy" / "neutral" / "none" / "temperror" / "permerror"
///     protocol  = "openpgp" / "smime" / "none"
///     trust     = "own" / "admin" / "user" / "dane" / "wkd" / "autocrypt" / "hkp" / "message" / "ca" / "none"
///     section   = "TEXT" / 1*DIGIT *("." 1*DIGIT)        ; as in RFC 9051
///     codes     = "none" / code *("," code)              ; see Reason.Code
///     code      = 1*(%x61-7A / "-")
///     address   = dot-atom "@" dot-atom                  ; ASCII, else "unknown"
///
/// Nothing in it is free text: an address that is not of the plain kind is left out, so that no signer's name can read
/// as another word of the grammar.
public enum VerdictField {
    /// The field name.
    public static let name = "Guardd-Verdict"

    /// More signatures than these are not listed.
    static let maxSignatures = 20

    /// The value, with its leading space, folded with LF.
    public static func value(_ verdict: Verdict) -> String {
        let head =
            " \(verdict.status.rawValue); protocol=\(verdict.protocol.rawValue); encrypted=\(verdict.encrypted ? "yes" : "no");"
            + " reason=\(codes(verdict.reasons))"
        return ([head] + verdict.signatures.prefix(maxSignatures).map(line)).joined(separator: ";\n\t")
    }

    private static func line(_ signature: SignatureVerdict) -> String {
        let coverage =
            switch signature.coveredPart {
            case .wholeMessage: "message"
            case .part(let section): section
            }
        return """
            signature=\(signature.status.rawValue); protocol=\(signature.protocol.rawValue);\
             signer=\(address(signature.signer)); trust=\(signature.trust.name);
            \tcoverage=\(coverage); key=\(signature.key ?? "unknown"); reason=\(codes(signature.reasons))
            """
    }

    private static func codes(_ reasons: [Reason]) -> String {
        var seen: [String] = []
        for reason in reasons where !seen.contains(reason.code.rawValue) { seen.append(reason.code.rawValue) }
        return seen.isEmpty ? "none" : seen.joined(separator: ",")
    }

    /// An address whose every octet is one that a dot-atom may have.
    private static func address(_ address: EmailAddress?) -> String {
        guard let text = address?.canonical, text.utf8.count <= 320, text.utf8.allSatisfy(isPlain),
            text.utf8.filter({ $0 == 0x40 }).count == 1
        else { return "unknown" }
        return text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41 || (0x30...0x39).contains(byte)
            || "!#$%&'*+-/=?^_{|}~.@".utf8.contains(byte)
    }
}
