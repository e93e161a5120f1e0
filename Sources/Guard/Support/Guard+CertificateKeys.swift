import KeyStore

extension Guard {
    /// Destroys the private keys of S/MIME of an account, within a change of it.
    func deleteCertificateKeys(of account: Int64, in connection: any StoreConnection) throws {
        for key in try store.smimeKeys(of: account, in: connection) {
            _ = try store.deleteSMIMEKey(key.id, account: account, in: connection)
        }
    }
}
