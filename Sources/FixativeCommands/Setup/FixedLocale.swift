import Glibc

/// Makes the program independent of the user's locale. Its output is the same in all locales anyway.
enum FixedLocale {
    /// Call this before Foundation reads the locale. ssh passes names of locales from the client, and Foundation crashes at one whose
    /// language has more than 11 letters.
    static func set() { _ = unsafe setenv("LC_ALL", "C.UTF-8", 1) }
}
