import MIME

/// Sender and recipients of a message, as far as they can be read.
struct Envelope {
    struct Recipient {
        /// For replies and the marker: canonical where it can be read, as given where not.
        let text: String
        let subject: AddressPattern.Subject

        /// The address as the client gave it; where that is none (`RCPT TO:<alice>`), as the mail server completed it.
        init(path: [UInt8], resolved: String?) {
            let address = EmailAddress(smtpPath: path) ?? resolved.flatMap { EmailAddress($0) }
            if let address, address.isDomainMapped {
                subject = .address(address)
                text = address.canonical
            } else {
                subject = .unreadable
                text = String(decoding: path, as: UTF8.self)
            }
        }

        var address: EmailAddress? { if case .address(let address) = subject { address } else { nil } }
    }

    var sender = AddressPattern.Subject.null
    var recipients: [Recipient] = []

    mutating func setSender(path: [UInt8]) {
        let trimmed = path.filter { $0 > 0x20 }
        if trimmed.isEmpty || trimmed == [0x3C, 0x3E] {
            sender = .null
        } else if let address = EmailAddress(smtpPath: path), address.isDomainMapped {
            sender = .address(address)
        } else {
            sender = .unreadable
        }
    }
}
