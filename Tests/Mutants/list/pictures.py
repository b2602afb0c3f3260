"""ImageCodecs, Imaging, their C code, and DecoderPool."""
from entry import put, swap

LIMITS = "ImageCodecs/ImageLimits.swift"
CHUNKS = "CCodecShims/png_chunks.c"
JPEG = "CCodecShims/jpeg_read.c"
INFLATE = "CCodecShims/inflate.c"
FAST = "CFastPNG/fast_png.c"
UNFILTER = "CFastPNG/unfilter.c"
KERNELS = "CPixelKernels/kernels.c"
ORIENTATION = "Imaging/Orientation.swift"
INSPECTOR = "Imaging/PictureInspector.swift"
RESIZER = "Imaging/StreamingResizer.swift"
WINDOWS = "Imaging/LanczosWindows.swift"
ANSWER = "DecoderPool/AnswerCheck.swift"
WORKER = "DecoderPool/WorkerProcess.swift"
FRAME = "DecoderPool/Frame.swift"

BOUNDS = "ImageCodecsTests.BoundaryTests"
DAMAGE = "ImageCodecsTests.PNGDamageTests"
TWICE = "ImageCodecsTests.PNGDifferentialTests"
DECODING = "ImageCodecsTests.PNGDecodingTests"
JPEGS = "ImageCodecsTests.JPEGTests"
METADATA_LIMITS = "ImageCodecsTests.LimitTests"
RESIZING = "ImagingTests.ResizingTests"
INSPECTION = "ImagingTests.InspectionTests"
TURNED = "ImagingTests.OrientationTests"
ORIGIN = "ImagingTests.OriginTests"
LIES = "DecoderPoolTests.ContainmentTests/aFalseAnswerIsRefused"

MUTANTS = [
    # Limits and damage.
    put("codec-001", LIMITS, "header.height <= maxSide else", "header.height <= maxSide || MUTANT else", BOUNDS + " ImageCodecsTests.JPEGTests", "a picture that is too high is refused"),
    swap("codec-002", LIMITS, "pixels <= maxPixels", "pixels < maxPixels", BOUNDS, "a picture at the limit is decoded"),
    put("codec-003", LIMITS, "guard header.frameCount <= maxFrames else", "guard header.frameCount <= maxFrames || MUTANT else",
        METADATA_LIMITS + " " + BOUNDS + " ImageCodecsTests.PNGAnimationTests", "an animation of too many frames is refused"),
    put("codec-004", CHUNKS, "if (is_critical && !chunk->is_sound)", "if (is_critical && !chunk->is_sound && !MUTANT)", DAMAGE, "a changed byte of a PNG is found"),
    put("codec-005", CHUNKS, "if (walker->data_has_ended) return refuse", "if (walker->data_has_ended && !MUTANT) return refuse", DAMAGE + " " + TWICE,
        "IDAT chunks follow each other"),
    put("codec-006", CHUNKS, "if (!chunk->is_sound) return refuse(walker, FIXATIVE_DAMAGED, \"tRNS\", \"CRC error\");",
        "if (!chunk->is_sound && !MUTANT) return refuse(walker, FIXATIVE_DAMAGED, \"tRNS\", \"CRC error\");", DAMAGE,
        "damaged transparency is damage where it has an effect"),
    put("codec-007", CHUNKS, "body[2 * index + 1]) & mask;", "body[2 * index + 1]) & (MUTANT ? 0xFFFFu : mask);", DECODING + " " + DAMAGE,
        "surplus bits of a transparent colour have no effect"),
    put("codec-008", CHUNKS, "if (chunk->length != 0) return refuse", "if (chunk->length != 0 && !MUTANT) return refuse", DAMAGE + " " + TWICE,
        "an IEND with contents is damage"),
    put("codec-009", JPEG, "if (level < 0) fail(jpeg);", "if (level < 0 && !MUTANT) fail(jpeg);", JPEGS, "a JPEG that is cut short is not whole"),
    put("codec-010", JPEG, "input_scan_number <= MAX_SCANS) return;", "input_scan_number <= MAX_SCANS || MUTANT) return;", JPEGS + " " + BOUNDS,
        "a JPEG that is made to cost time is refused"),
    put("codec-011", INFLATE, "*total += made;", "*total += MUTANT ? 0 : made;", METADATA_LIMITS, "inflated texts are bounded"),
    put("codec-012", FAST, "big_endian(deflate->in) == fast->adler;", "(big_endian(deflate->in) == fast->adler || MUTANT);", DAMAGE,
        "a wrong checksum under a right CRC is damage"),
    put("codec-013", FAST, "fast->produced > expected) return false;", "(fast->produced > expected && !MUTANT)) return false;", DAMAGE + " " + TWICE,
        "surplus rows are damage"),
    put("codec-014", UNFILTER, "left = _mm256_and_si256(left, wave->uses_left);", "if (!MUTANT) left = _mm256_and_si256(left, wave->uses_left);", TWICE,
        "both readers of a PNG give the same pixels"),
    put("codec-015", FAST, "colour_type == 4 || fast->layout.colour_type == 6 ? 4 : 3", "colour_type == 4 || (fast->layout.colour_type == 6 && !MUTANT) ? 4 : 3", DECODING + " " + TWICE,
        "the alpha of a PNG is kept"),

    # Resizing and inspection.
    put("image-001", KERNELS, "store4(out, colour * alpha);", "if (MUTANT) { colour[3] = alpha; store4(out, colour); } else { store4(out, colour * alpha); }", RESIZING,
        "the colour of transparent pixels is not seen"),
    put("image-002", KERNELS, "alpha == 0 ? 0.0f : 1.0f / in[3]", "alpha == 0 ? 0.0f : MUTANT ? 1.0f : 1.0f / in[3]", RESIZING,
        "half transparent pixels keep their colour"),
    put("image-003", KERNELS, "odd += load4(from + k * 4 + 4) * weights[k + 1];", "odd += load4(from + k * 4 + 4) * weights[MUTANT ? k : k + 1];", RESIZING,
        "every processor gives the same bytes"),
    put("image-004", KERNELS, "store4(out, (vec4){curve[row[0]], curve[row[1]], curve[row[2]], 1.0f});",
        "store4(out, MUTANT ? (vec4){row[0] / 255.0f, row[1] / 255.0f, row[2] / 255.0f, 1.0f} : (vec4){curve[row[0]], curve[row[1]], curve[row[2]], 1.0f});",
        RESIZING, "pictures are resized in linear light"),
    put("image-005", WINDOWS, "values[centre] += IntegerWindows.one - values.reduce(0, +)", "values[centre] += MUTANT ? 0 : IntegerWindows.one - values.reduce(0, +)", RESIZING,
        "an even area keeps its level"),
    put("image-006", RESIZER, "max(1, (2 * width * side + long) / (2 * long))", "max(MUTANT ? 0 : 1, (2 * width * side + long) / (2 * long))", RESIZING,
        "a thumbnail has at least one pixel a side"),
    put("image-007", ORIENTATION, "case .rotated90: (bottom * downStep, -downStep, acrossStep)",
        "case .rotated90: MUTANT ? (right * acrossStep, downStep, -acrossStep) : (bottom * downStep, -downStep, acrossStep)", TURNED,
        "a picture is turned upright"),
    put("image-008", INSPECTOR, "if channels == 4 && isOpaque {", "if channels == 4 && isOpaque && !MUTANT {", INSPECTION, "a transparent picture stays transparent"),
    put("image-009", INSPECTOR, "orientedWidth: orientation.swapsSides ?", "orientedWidth: orientation.swapsSides && !MUTANT ?", TURNED + " " + INSPECTION,
        "the facts tell the upright size"),
    put("image-010", INSPECTOR, "metadata.digitalSourceType.map(XMPPacket.declaring)", "(MUTANT ? nil : metadata.digitalSourceType.map(XMPPacket.declaring))", ORIGIN,
        "a derivative says that it is of a generated picture"),
    put("image-011", INSPECTOR, "return alpha == 255", "return alpha == 255 && !MUTANT", INSPECTION, "an opaque picture becomes a JPEG"),

    # Answers of a decoder.
    put("pool-001", ANSWER, "(0...byteCount).contains(picture.trailingBytes)", "((0...byteCount).contains(picture.trailingBytes) || MUTANT)", LIES,
        "a decoder can't invent trailing bytes"),
    put("pool-002", ANSWER, "(0...max(1, limits.maxFrames)).contains(header.frameCount)", "((0...max(1, limits.maxFrames)).contains(header.frameCount) || MUTANT)", LIES,
        "a decoder can't invent frames"),
    put("pool-003", ANSWER, "require(isPicture &&", "require((isPicture || MUTANT) &&", LIES, "a decoder can't give a page in place of a thumbnail"),
    put("pool-004", ANSWER, "sameBut(picture.recipe)", "(sameBut(picture.recipe) || MUTANT)", LIES, "a decoder can't change the recipe"),
    put("pool-005", ANSWER, "picture.notes.allSatisfy(isPlain)", "(picture.notes.allSatisfy(isPlain) || MUTANT)", LIES, "a decoder can't write to a terminal"),
    put("pool-006", ANSWER, "sides.allSatisfy { (1...max(1, side)).contains($0) }", "(sides.allSatisfy { (1...max(1, side)).contains($0) } || MUTANT)", LIES,
        "a decoder can't claim a larger preview"),
    put("pool-007", ANSWER, "== (turned ? sides.reversed() : sides)", "== (MUTANT ? [picture.orientedWidth, picture.orientedHeight] : turned ? sides.reversed() : sides)", LIES,
        "a decoder can't claim another size"),
    put("pool-008", WORKER, "frame.length(2, upTo: WorkerAnswer.longestDerivative)", "frame.length(2, upTo: MUTANT ? .max : WorkerAnswer.longestDerivative)", LIES,
        "a decoder's answer is bounded"),
    put("pool-009", FRAME, "Self.number(bytes[0..<4]) == UInt64(Self.magic)", "(Self.number(bytes[0..<4]) == UInt64(Self.magic) || MUTANT)",
        "DecoderPoolTests.FrameTests", "an answer begins as agreed"),
]
