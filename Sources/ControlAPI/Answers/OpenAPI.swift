/// The description of the API, as served.
enum OpenAPI {
    static var document: [UInt8] { PackageResources.openapi_yaml }
}
