internal import CLCMS

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Memory for Little CMS, with a bound: a profile of 2 KB may claim a table of 512 MB, which the library would clear before it
/// finds the table missing.
enum BoundedMemory {
    /// Bytes that are given at once. The tables of a profile of the largest size that is read, 4 MiB, take twice that.
    private static let largestBlock: UInt32 = 16 * 1024 * 1024

    /// A context that takes its memory here, and prints nothing.
    static func makeContext() -> cmsContext? {
        var handler = unsafe cmsPluginMemHandler()
        unsafe handler.base.Magic = UInt32(cmsPluginMagicNumber)
        unsafe handler.base.ExpectedVersion = 2000
        unsafe handler.base.Type = UInt32(cmsPluginMemHandlerSig)
        unsafe handler.MallocPtr = { _, size in size <= BoundedMemory.largestBlock ? unsafe malloc(Int(size)) : nil }
        unsafe handler.FreePtr = { _, block in unsafe free(block) }
        unsafe handler.ReallocPtr = { _, block, size in
            size <= BoundedMemory.largestBlock ? unsafe realloc(block, Int(size)) : nil
        }
        guard let context = unsafe cmsCreateContext(&handler, nil) else { return nil }
        // A log handler that does nothing: the default one may print.
        unsafe cmsSetLogErrorHandlerTHR(context) { _, _, _ in }
        return unsafe context
    }
}
