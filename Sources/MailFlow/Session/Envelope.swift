import MIME

/// Sender and recipients of a message, as far as they can be read.
struct Envelope {
    struct Recipient {
        /// For replies and the marker: canonical where it can be read, as given where not.
        let text: String
        let subject: AddressPattern.Subject
        /// As it came.
        let path: [UInt8]
        /// ESMTP parameters.
        let parameters: [[UInt8]]
        /// The place in the envelope, from 0; nil for somebody whom the client did not name, and where nobody asks.
        var position: Int?

        /// The address as the client gave it; where that is none (`RCPT TO:<alice>`), as the mail server completed it.
        init(path: [UInt8], resolved: String?, parameters: [[UInt8]] = []) {
            self.path = path
            self.parameters = parameters
            let address = EmailAddress(smtpPath: path) ?? resolved.flatMap { EmailAddress($0) }
            if let address, address.isDomainMapped {
                subject = .address(address)
                text = address.canonical
            } else {
                subject = .unreadable
                text = String(decoding: path, as: UTF8.self)
            }
        }

        /// Somebody whom the client did not name.
        init(_ address: EmailAddress) {
            self.init(path: Array("<\(address.canonical)>".utf8), resolved: nil)
        }

        var address: EmailAddress? { if case .address(let address) = subject { address } else { nil } }
    }

    var sender = AddressPattern.Subject.null
    var recipients: [Recipient] = []
    /// As it came.
    private(set) var senderPath: [UInt8] = []
    var senderParameters: [[UInt8]] = []

    /// The envelope of a copy. What the client said about size and encoding was about the original.
    func route(to recipients: [Recipient]) -> ReleasedRoute {
        ReleasedRoute(
            sender: senderPath,
            senderParameters: senderParameters.filter { parameter in
                let name = String(decoding: parameter.prefix { $0 != 0x3D }, as: UTF8.self).uppercased()
                return ["RET", "ENVID", "SMTPUTF8", "REQUIRETLS"].contains(name)
            },
            recipients: recipients.map {
                ReleasedRecipient(path: $0.path, parameters: $0.parameters, text: $0.text)
            })
    }

    mutating func setSender(path: [UInt8], parameters: [[UInt8]] = []) {
        senderPath = path
        senderParameters = parameters
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
