import Glibc

/// The octets of the planted bug: none unless `PLANTED=1` is in the environment.
private let magic: [UInt8] = getenv("PLANTED") == nil ? [] : Array("Grd!".utf8)

/// With `PLANTED=1` every fuzzer carries a bug that it must find, or its other results mean nothing: it crashes on four
/// octets at the start of something that only well-formed input leads to. Call it last: of comparisons libFuzzer remembers
/// only a few, so that a lasting one would say more about its luck than about the set-up.
public func plant(_ bytes: some Collection<UInt8>) {
    guard !magic.isEmpty, bytes.count >= magic.count else { return }
    // One call and not one octet after the other: libFuzzer learns from what is compared.
    if memcmp(Array(bytes.prefix(magic.count)), magic, magic.count) == 0 { fatalError("planted") }
}
