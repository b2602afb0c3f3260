internal import CLCMS

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A bounded allocator for Little CMS. A profile of 2 KB may claim a table of 512 MB, which the library would allocate and clear
/// before it finds that the table is missing.
enum BoundedMemory {
    /// The largest single allocation in bytes. The tables of the largest accepted profile (4 MiB) take twice that profile's size.
    private static let largestBlock: UInt32 = 16 * 1024 * 1024

    /// A context that uses this allocator and prints nothing.
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
        // The default log handler may print, so install one that does nothing.
        unsafe cmsSetLogErrorHandlerTHR(context) { _, _, _ in }
        return unsafe context
    }
}
