/// Who gets the same copy of a message, and what is done to it.
struct CopyPlan {
    var recipients: [Envelope.Recipient]
    var plan: Plan
    /// The rules that say so, one for each recipient.
    var rules: [Rule]
    /// What is done to inbound mail on its way to a mailbox.
    var inbound = Rule.Inbound.verify
}
