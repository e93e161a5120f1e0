import TestSupport
import Testing

/// One message of the matrix, and what must come of it, worked out without the planner.
struct SplitCase {
    enum Kind: String, CaseIterable { case openpgp, smime, mixed, some }
    enum Place: String, CaseIterable { case to, cc, bcc }
    /// By the name of the rule.
    static let outcomes = [
        "required", "opportunistic", "defer", "strict", "never", "sign", "both", "all", "hidden", "noblind",
    ]

    let id: String
    let kind: Kind
    let place: Place
    let outcome: String
    let recipients: [String]

    init(_ count: Int, _ kind: Kind, _ place: Place, _ outcome: String) {
        self.kind = kind
        self.place = place
        self.outcome = outcome
        id = "\(count).\(kind.rawValue).\(place.rawValue).\(outcome)@case.test"
        recipients = (0..<count).map { number in
            switch kind {
            case .openpgp: "p\(number)@pgp.test"
            case .smime: "s\(number)@smime.test"
            case .mixed: number.isMultiple(of: 2) ? "p\(number)@pgp.test" : "s\(number)@smime.test"
            // The last has none, so that a lone recipient is one without.
            case .some: (count - number).isMultiple(of: 2) ? "p\(number)@pgp.test" : "n\(number)@none.test"
            }
        }
    }

    var sender: String { "\(outcome)@guard.test" }
    /// Whom the header names: in Cc and Bcc all but the first.
    var to: [String] { place == .to ? recipients : recipients.count == 1 ? [] : [recipients[0]] }
    var others: [String] { recipients.filter { !to.contains($0) } }
    var blind: [String] { place == .bcc ? others : [] }
    var visible: [String] { recipients.filter { !blind.contains($0) } }

    var mail: [UInt8] {
        TestMail.split(
            id, from: sender, to: to, cc: place == .cc ? others : [], bcc: blind, body: "secret words of \(id)\r\n")
    }

    static func hasKey(_ address: String) -> Bool { !address.hasPrefix("n") }
    static func isOpenPGP(_ address: String) -> Bool { address.hasPrefix("p") }
    private var allHaveKeys: Bool { recipients.allSatisfy(Self.hasKey) }

    /// The answer to a message that must not go; nil where it must.
    var refusal: Int? {
        switch outcome {
        case "noblind": recipients.count > 1 && !blind.isEmpty ? 550 : allHaveKeys ? nil : 550
        case "required", "strict", "both", "hidden": allHaveKeys ? nil : 550
        case "defer": allHaveKeys ? nil : 451
        default: nil
        }
    }

    /// The answer to one recipient where each has one; nil where they get the message.
    func refusal(of recipient: String) -> Int? {
        switch outcome {
        case "noblind" where recipients.count > 1 && blind.contains(recipient): 550
        case "noblind", "required", "strict", "both", "hidden": Self.hasKey(recipient) ? nil : 550
        case "defer": Self.hasKey(recipient) ? nil : 451
        default: nil
        }
    }

    /// What a recipient must get.
    func form(for recipient: String) -> CopyReader.Form {
        switch outcome {
        case "never": return .clear
        case "sign": return .signed
        case "all" where !allHaveKeys: return .clear
        default:
            guard Self.hasKey(recipient) else { return .clear }
            return Self.isOpenPGP(recipient) ? .openpgp : .smime
        }
    }

    /// Everybody exactly one copy that they can read, and none that tells more than it may.
    ///
    /// - Parameter delivered: who of the recipients, where not all.
    func check(_ copies: [DeliveredMessage], _ people: SplitPeople, to delivered: [String]? = nil) throws {
        #expect(
            copies.flatMap(\.recipients).sorted() == (delivered ?? recipients).sorted(), "\(id): each exactly once")
        for copy in copies {
            let form = CopyReader.form(copy)
            for recipient in copy.recipients { #expect(form == self.form(for: recipient), "\(id): \(recipient)") }
            #expect(copy.sender == sender)
            let isBlind = copy.recipients.contains { blind.contains($0) }
            try checkReaders(copy, form, isBlind)
            let secret = "secret words of \(id)"
            var seen = [copy.data]
            if form == .openpgp || form == .smime {
                #expect(!copy.text.contains(secret), "\(id): clear text")
                // Each with their own key; with openssl, a process each time, only the first ones. Among many packets without
                // a name our own reader gives up, gpg does not.
                let isMaze = outcome == "hidden" && blind.count > 15
                for recipient in copy.recipients.prefix(isMaze ? 0 : form == .smime ? 2 : 10) {
                    let opened = try CopyReader.open(copy, as: recipient, people)
                    #expect(String(decoding: opened ?? [], as: UTF8.self).contains(secret), "\(id): \(recipient)")
                    if let opened { seen.append(opened) }
                }
            } else {
                #expect(copy.text.contains(secret), "\(id)")
            }
            // What is left alone keeps what its sender wrote.
            guard form == .openpgp || form == .smime || copies.count > 1 else { continue }
            for text in seen.map({ String(decoding: $0, as: UTF8.self) }) {
                #expect(MailParts(Array(text.utf8)).fields(named: "Bcc").isEmpty, "\(id): Bcc for \(copy.recipients)")
                for other in blind where !copy.recipients.contains(other) {
                    #expect(!text.contains("\(other)"), "\(id): \(other) shows in a copy for \(copy.recipients)")
                }
            }
        }
    }

    private func checkReaders(_ copy: DeliveredMessage, _ form: CopyReader.Form, _ isBlind: Bool) throws {
        switch form {
        case .clear, .signed: return
        case .openpgp:
            let named = try CopyReader.keyIDs(copy)
            let hidden = named.count { $0 == "0000000000000000" }
            let own = copy.recipients
            if outcome == "hidden" {
                #expect(named.count == recipients.count { Self.isOpenPGP($0) }, "\(id): packets")
                #expect(hidden == blind.count { Self.isOpenPGP($0) }, "\(id): packets without a name")
            } else if isBlind {
                #expect(own.count == 1 && named.count == 1, "\(id): a blind copy for \(own), \(named.count) packets")
            } else {
                #expect(hidden == 0 && named.count == visible.count { Self.isOpenPGP($0) }, "\(id): packets")
            }
            let people = try SplitPeople.shared.get()
            let allowed = (isBlind && outcome != "hidden" ? own : visible).reduce(into: Set<String>()) {
                $0.formUnion(people.keyIDs($1))
            }
            #expect(named.allSatisfy { $0 == "0000000000000000" || allowed.contains($0) }, "\(id): foreign key IDs")
        case .smime:
            let serials = try CopyReader.serials(copy)
            let people = try SplitPeople.shared.get()
            let readers = isBlind ? copy.recipients : visible.filter { !Self.isOpenPGP($0) && Self.hasKey($0) }
            #expect(!isBlind || copy.recipients.count == 1, "\(id): a blind copy for \(copy.recipients)")
            #expect(serials.sorted() == readers.compactMap { people.smime[$0]?.serial }.sorted(), "\(id): readers")
        }
    }
}
