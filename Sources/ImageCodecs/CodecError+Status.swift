internal import CCodecShims

extension CodecError {
    init(_ status: fixative_status, _ format: ImageFormat?, _ message: String) {
        let code: Code =
            switch status {
            case FIXATIVE_DAMAGED: .damaged
            case FIXATIVE_TRUNCATED: .truncated
            case FIXATIVE_UNSUPPORTED: .unsupported
            case FIXATIVE_LIMIT: .limitExceeded
            case FIXATIVE_NO_MEMORY: .outOfMemory
            default: .invalidRequest
            }
        self.init(code, format, message)
    }
}

extension fixative_limits {
    init(_ limits: ImageLimits) {
        self.init(
            max_side: UInt32(clamping: limits.maxSide), max_pixels: UInt64(clamping: limits.maxPixels),
            max_held_bytes: UInt64(clamping: limits.maxHeldBytes))
    }
}

enum AllocationGate {
    static func value(_ refusingAllocation: Int?) -> Int64 {
        refusingAllocation.map(Int64.init) ?? -1
    }
}
