#ifndef FIXATIVE_KERNELS_H
#define FIXATIVE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Every kernel has an AVX2 and a portable version. Both do the same operations in the same order, without fused rounding. Their
// results are identical, so a derivative has the same bytes on every machine.
//
// Between kernels, a pixel with alpha is four floats from 0 to 1: linear red, green and blue, each multiplied by alpha, and
// alpha. A pixel without alpha is three 16-bit integers.

enum {
    /// The integer value of full light. The darkest encoded level is 7.5 units wide. The range above, a third of full light, is
    /// left for overshoot.
    FIXATIVE_KERNEL_WHITE = 24576,
    /// The integer weights of an output add up to 2 to the power of this number.
    FIXATIVE_KERNEL_WEIGHT_BITS = 14,
    /// `taps` in `fixative_kernel_resample_planes` must be a multiple of this number.
    FIXATIVE_KERNEL_TAP_STEP = 8,
};

/// Converts encoded 8-bit RGB to three planes of linear integers, `stride` apart. `curve` has 256 entries.
void fixative_kernel_linearize_planes(
    const uint8_t *_Nonnull row, size_t pixels, const int16_t *_Nonnull curve, int16_t *_Nonnull planes, size_t stride);

/// Like `fixative_kernel_resample_row`, but from three planes to interleaved red, green and blue. Sums are rounded to nearest.
/// The caller guarantees first[i] + taps <= stride, and that `out` has room for one value more than 3 * out_pixels.
void fixative_kernel_resample_planes(
    const int16_t *_Nonnull planes, size_t stride, const int32_t *_Nonnull first, const int16_t *_Nonnull weights, size_t taps,
    int16_t *_Nonnull out, size_t out_pixels);

/// out[j] = curve[the sum over k < taps of weights[k] * ring[slots[k] * stride + j]], for j < count; `taps` is even. The caller
/// guarantees that `stride` is at least `count` rounded up to a multiple of 16. `curve` has `FIXATIVE_KERNEL_WHITE` + 1 entries.
void fixative_kernel_blend_encode(
    const int16_t *_Nonnull ring, size_t stride, const int32_t *_Nonnull slots, const int16_t *_Nonnull weights, size_t taps,
    const uint8_t *_Nonnull curve, uint8_t *_Nonnull out, size_t count);

/// Converts encoded 8-bit RGB (`channels` 3) or RGBA (4) to linear premultiplied floats. `curve` has 256 entries.
void fixative_kernel_linearize(
    const uint8_t *_Nonnull row, size_t pixels, size_t channels, const float *_Nonnull curve, float *_Nonnull out);

/// out[i] = sum over k < taps of weights[i * taps + k] * in[first[i] + k]; `taps` is even.
/// The caller guarantees first[i] + taps <= pixels of `in`.
void fixative_kernel_resample_row(
    const float *_Nonnull in, const int32_t *_Nonnull first, const float *_Nonnull weights, size_t taps, float *_Nonnull out,
    size_t out_pixels);

/// out[j] = sum over k < taps of weights[k] * ring[slots[k] * floats + j], for j < floats; `floats` is a multiple of 4.
void fixative_kernel_blend_rows(
    const float *_Nonnull ring, const int32_t *_Nonnull slots, const float *_Nonnull weights, size_t taps, float *_Nonnull out,
    size_t floats);

/// Converts linear premultiplied floats to encoded 8-bit RGB or RGBA. `curve` has 65536 entries, indexed by the linear value.
void fixative_kernel_encode(
    const float *_Nonnull in, size_t pixels, size_t channels, const uint8_t *_Nonnull curve, uint8_t *_Nonnull out);

/// Disables AVX2 (0), or enables it if the processor supports it (1), so that a test can compare both versions.
void fixative_kernel_use_avx2(int enabled);

#endif
