import Guard

/// The members of an error, which stand in place of `data`.
struct ErrorEnvelope: Encodable, Sendable {
    let error: String
    let error_params: [String]
    let error_id: String
    let error_desc: String
    let code: String
    let categories: String
    let category: Int

    init(_ error: GuardError, id: String, language: Language) {
        self.error = ErrorTexts.text(error.code, language)
        error_params = error.parameters
        error_id = id
        error_desc = error.detail
        code = error.code.rawValue
        categories = error.code.category.name
        category = error.code.category.rawValue
    }
}
