#ifndef FIXATIVE_KERNELS_H
#define FIXATIVE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Pixels between the kernels are four floats: linear red, green, blue multiplied by alpha, and alpha, each 0 to 1.
// The AVX2 and the portable versions do the same operations in the same order without fused rounding, so that a derivative
// has the same bytes on every machine.

/// 8-bit RGB (`channels` 3) or RGBA (4), encoded, to linear premultiplied floats. `curve` has 256 entries.
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

/// Linear premultiplied floats back to 8-bit RGB or RGBA. `curve` has 65536 entries, indexed by the linear value.
void fixative_kernel_encode(
    const float *_Nonnull in, size_t pixels, size_t channels, const uint8_t *_Nonnull curve, uint8_t *_Nonnull out);

/// Turns AVX2 off (0) or on where the processor has it (1), so that a test can compare both versions.
void fixative_kernel_use_avx2(int enabled);

#endif
