/// This program. Its version is stated here and nowhere else.
package enum Product {
    /// After https://semver.org; `-dev` between two releases.
    package static let version = "0.2.0-dev"
    /// The value of `User-Agent`. Some storage networks refuse the default agents of HTTP libraries.
    package static let userAgent = "Fixative/\(version)"
}
