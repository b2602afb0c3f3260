internal import CSandbox

/// The bytes of a file that may be a picture.
package protocol DecoderInput: Sendable {
    var count: Int { get }

    /// Calls `body` with the bytes.
    func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value

    /// Calls `body` with a read-only descriptor of a file with these bytes; `nil` if they exist only in memory.
    func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value
}

extension [UInt8]: DecoderInput {
    package func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value { try body(span) }
    package func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value { try body(nil) }
}

extension DecoderInput {
    /// Calls `body` with a descriptor that may be sent to a worker: the file itself, or a sealed copy in memory.
    func withGivenDescriptor<Value>(_ body: (Int32) throws -> Value) throws -> Value {
        try withDescriptor { file in
            if let file { return try body(file) }
            var copy: Int32 = -1
            let error = withSpan { span in
                unsafe span.withUnsafeBufferPointer { unsafe fixative_memory_file($0.baseAddress, $0.count, &copy) }
            }
            guard error == 0 else { throw DecoderFailure(.unavailable, "memory for the picture: \(SystemError.text(error))") }
            defer { fixative_close(copy) }
            return try body(copy)
        }
    }
}
