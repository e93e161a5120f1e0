/// Where in a message an entity stands.
struct Place {
    /// The part number as IMAP counts (RFC 9051, section 6.4.5); empty for the message itself.
    var path: [Int] = []
    /// Whether there is nothing around the entity but layers of protection: the cryptographic envelope of RFC 9787,
    /// section 4.4. Only there can a signature cover the whole message.
    var isEnvelope: Bool
    /// Reasons why a signature here covers less than what a reader may see.
    var doubts: [Reason] = []
    /// Inside of a message that is attached or forwarded.
    var isForwarded = false
    /// Whether plain parts stand beside the entity.
    var hasSiblings = false
    /// Layers of protection around the entity.
    var layer = 0
    /// The parts, each inside of the one before, whose protection had to be undone to get here.
    var opened: [String] = []

    /// The most layers that are looked through: signed, encrypted and signed again, with one to spare.
    static let maxLayers = 4

    /// The number of the part.
    var name: String { path.isEmpty ? "TEXT" : path.map(String.init).joined(separator: ".") }

    /// What a signature over the part with that number covers.
    func coverage(of part: String) -> SignatureVerdict.Coverage {
        isEnvelope && doubts.isEmpty ? .wholeMessage : .part(part)
    }

    /// The reference to a part for RFC 7281, section 3.2.1: its number, after those of the layers around it.
    func section(_ path: [Int]) -> String {
        (opened + [path.isEmpty ? "1" : path.map(String.init).joined(separator: ".")]).joined(separator: "/")
    }

    /// The place of what was inside of an opaque part.
    func opened(_ path: [Int]) -> Place {
        var inner = content([])
        inner.opened.append(path.isEmpty ? "1" : path.map(String.init).joined(separator: "."))
        return inner
    }

    /// The place of a child that is only part of what is here.
    func child(_ path: [Int], siblings: Bool, isForwarded: Bool) -> Place {
        Place(
            path: path, isEnvelope: false, isForwarded: isForwarded || self.isForwarded, hasSiblings: siblings,
            layer: layer, opened: opened)
    }

    /// The place of the content of a layer of protection.
    func content(_ path: [Int]) -> Place {
        var inner = self
        inner.path = path
        inner.layer += 1
        return inner
    }
}
