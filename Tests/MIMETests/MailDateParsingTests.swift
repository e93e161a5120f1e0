import MIME
import Testing

struct MailDateParsingTests {
    @Test func datesOfMailsAreRead() {
        let seconds: Int64 = 1_795_577_693
        for text in [
            MailDate.text(unixSeconds: seconds), "Wed, 25 Nov 2026 04:34:53 +0100", "25 Nov 2026 03:34:53 GMT",
            "wed, 25 nov 26 03:34:53 -0000 (UTC)", "Tue, 24 Nov 2026 22:34:53 EST",
        ] {
            #expect(MailDate.unixSeconds(text) == seconds, "\(text)")
        }
        for moment in stride(from: Int64(0), through: 4_000_000_000, by: 86_400 * 11 + 3601) {
            #expect(MailDate.unixSeconds(MailDate.text(unixSeconds: moment)) == moment)
        }
    }

    @Test func anythingElseIsNone() {
        for text in [
            "", "soon", "Wed, 25 Nov 2026", "32 Nov 2026 03:34:53 +0000", "25 Foo 2026 03:34:53 +0000",
            "25 Nov 2026 24:00:00 +0000", "25 Nov 2026 03:34:53 +1", "25 Nov 99999999999999999999 03:34 +0000",
            "25 Nov 2026 03:34:53:1 +0000", "1795577693",
        ] {
            #expect(MailDate.unixSeconds(text) == nil, "\(text)")
        }
    }
}
