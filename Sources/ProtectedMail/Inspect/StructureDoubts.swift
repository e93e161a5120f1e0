import MIME

/// What in the structure of a protected multipart lets a reader see more than what is protected.
enum StructureDoubts {
    /// Doubts about a multipart/signed or multipart/encrypted.
    static func of(_ entity: Entity, in message: Message) -> [Reason] {
        var doubts: [Reason] = []
        if entity.children.count > 2 {
            doubts.append(Reason(.partialCoverage, "there are parts after the protected ones"))
        }
        let second = entity.children.dropFirst().first?.defects ?? []
        if (entity.defects + second).contains(where: divides) {
            doubts.append(Reason(.partialCoverage, "the parts of the message can be read in more than one way"))
        }
        if [entity.preamble, entity.epilogue].contains(where: { range in
            !Preamble.isHarmless(range.map { Array(message.slice($0)) } ?? [])
        }) {
            doubts.append(Reason(.partialCoverage, "there is text before or after the protected part"))
        }
        return doubts
    }

    /// Whether two readers may see different parts. A field that occurs twice divides them only if it describes the
    /// content; several From fields are a matter of the signer.
    static func divides(_ defect: Defect) -> Bool {
        guard defect.kind == .duplicateField else { return defect.isStructural }
        return defect.detail.map { $0.lowercased().hasPrefix("content-") } ?? true
    }
}
