import MIME

/// One message on its way through a session. Defers everything until the streams it drives exist.
final class MessageState {
    var envelope = Envelope()
    var cameBySMTP = false
    var record = MessageRecord()

    init(context: SessionContext, client: ClientAddress?) {}

    func take(_ macros: Macros) {
        if let id = macros["i"] { record.queueID = id }
    }

    func add(_ field: HeaderField) {}
    func release() {}
    func finishedRecord() -> MessageRecord { record }
    func begin() -> Reply { .tempfail(Replies.failure) }
    func push(_ bytes: Span<UInt8>) -> Reply { .tempfail(Replies.failure) }
    func finish() -> Outcome { Outcome(edits: [], body: nil, reply: .tempfail(Replies.failure)) }
}
