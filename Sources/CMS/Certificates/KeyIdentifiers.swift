/// The identifiers of the kinds of private keys that have several.
enum KeyIdentifiers {
    /// The curves we make keys for or take keys of (RFC 5480, RFC 5639), by libcrypto's names.
    static let curves: [(name: String, identifier: ObjectID)] = [
        ("prime256v1", ObjectID(1, 2, 840, 10045, 3, 1, 7)),
        ("secp384r1", ObjectID(1, 3, 132, 0, 34)),
        ("secp521r1", ObjectID(1, 3, 132, 0, 35)),
        ("brainpoolP256r1", ObjectID(1, 3, 36, 3, 3, 2, 8, 1, 1, 7)),
        ("brainpoolP384r1", ObjectID(1, 3, 36, 3, 3, 2, 8, 1, 1, 11)),
        ("brainpoolP512r1", ObjectID(1, 3, 36, 3, 3, 2, 8, 1, 1, 13)),
    ]

    /// The keys that are a string of octets (RFC 8410), by libcrypto's names.
    static let edwards: [(name: String, identifier: ObjectID)] = [
        ("X25519", .x25519), ("X448", ObjectID(1, 3, 101, 111)), ("ED25519", .ed25519),
        ("ED448", ObjectID(1, 3, 101, 113)),
    ]
}
