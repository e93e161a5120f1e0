/// What a guest's login tells.
struct GuestLoginResponse: Encodable, Sendable {
    struct Settings: Encodable, Sendable {
        let minimumPasswordLength: Int

        enum CodingKeys: String, CodingKey { case minimumPasswordLength = "min_password_length" }
    }

    let productName: String
    /// Empty where no password was given.
    let auth: String
    let recoveryAvail: Bool
    let settings: Settings
}

/// What stands for a guest's password from now on.
struct GuestAuthResponse: Encodable, Sendable {
    let auth: String
}
