import Testing

@testable import ProtectedMail

@Suite struct PreambleTests {
    @Test(arguments: [
        "", "\r\n \r\n", "This is an OpenPGP/MIME signed message (RFC 4880 and 3156)",
        "\r\nThis is a multi-part message in MIME format.\r\n", "This is a multi-part message in MIME format...\r\n",
        "This is a cryptographically signed message in MIME format.\r\n\r\n",
    ]) func notices(text: String) { #expect(Preamble.isHarmless(Array(text.utf8))) }

    @Test(arguments: [
        "Johnny, you are fired!", "This is a multi-part message in MIME format. Johnny, you are fired!",
        "This is an OpenPGP/MIME signed message (Johnny)", "This is an OpenPGP/MIME signed message\r\nJohnny",
        "This is an OpenPGP/MIME signed message (rfc and 3156", "\u{e4}",
    ]) func messages(text: String) { #expect(!Preamble.isHarmless(Array(text.utf8))) }
}
