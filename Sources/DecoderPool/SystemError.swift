internal import Glibc

/// Error and signal descriptions of the operating system.
enum SystemError {
    static func text(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

    static func signal(_ number: Int32) -> String {
        let name = unsafe strsignal(number).map { unsafe String(cString: $0) }
        return name.map { "signal \(number), \($0)" } ?? "signal \(number)"
    }
}
