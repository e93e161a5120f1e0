/// Writes an encrypted packet whose plaintext streams in.
protocol ProtectedDataWriter: AnyObject {
    func push(_ plaintext: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) throws
    func finish(_ emit: (Span<UInt8>) throws -> Void) throws
}

/// Decrypts the body of an encrypted packet as it streams in.
protocol ProtectedDataReader: AnyObject {
    func push(_ ciphertext: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws
    /// Gives out the rest and says whether the data is whole and unchanged.
    func finish(_ sink: (Span<UInt8>) throws -> Void) throws -> Bool
}
