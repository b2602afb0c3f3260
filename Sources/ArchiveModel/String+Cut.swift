extension StringProtocol {
    /// The first Unicode scalars of the text. A `prefix` counts characters, and one character may have any number of combining marks.
    package func cut(to scalars: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(scalars))) }
}
