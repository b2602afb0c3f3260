// Resizing of opaque pictures in integers: 16-bit light and weights, 32-bit sums. A register holds twice as many values as with
// floats. Integer sums do not depend on the order, so every processor gives the same bytes.

#include <string.h>

#include "fixative_kernels.h"
#include "kernels.h"

enum { SHIFT = FIXATIVE_KERNEL_WEIGHT_BITS, HALF = 1 << (SHIFT - 1) };

void fixative_kernel_linearize_planes(
    const uint8_t *row, size_t pixels, const int16_t *curve, int16_t *planes, size_t stride) {
    int16_t *red = planes, *green = planes + stride, *blue = planes + 2 * stride;
    for (size_t x = 0; x < pixels; x++, row += 3) {
        red[x] = curve[row[0]];
        green[x] = curve[row[1]];
        blue[x] = curve[row[2]];
    }
}

static inline int16_t rounded(int32_t sum) {
    int32_t value = (sum + HALF) >> SHIFT;
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

static void resample_portable(
    const int16_t *planes, size_t stride, const int32_t *first, const int16_t *weights, size_t taps, int16_t *out,
    size_t out_pixels) {
    for (size_t i = 0; i < out_pixels; i++, weights += taps) {
        for (size_t plane = 0; plane < 3; plane++) {
            const int16_t *from = planes + plane * stride + first[i];
            int32_t sum = 0;
            for (size_t k = 0; k < taps; k++) sum += from[k] * weights[k];
            out[3 * i + plane] = rounded(sum);
        }
    }
}

static inline uint8_t encoded(int16_t light, const uint8_t *curve) {
    return curve[light < 0 ? 0 : light > FIXATIVE_KERNEL_WHITE ? FIXATIVE_KERNEL_WHITE : light];
}

static void blend_portable(
    const int16_t *ring, size_t stride, const int32_t *slots, const int16_t *weights, size_t taps, const uint8_t *curve,
    uint8_t *out, size_t count) {
    for (size_t j = 0; j < count; j++) {
        int32_t sum = 0;
        for (size_t k = 0; k < taps; k++) sum += ring[(size_t)slots[k] * stride + j] * weights[k];
        out[j] = encoded(rounded(sum), curve);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

#define INLINE static inline __attribute__((target("avx2"), always_inline))

INLINE __m128i load8(const int16_t *from) {
    return _mm_loadu_si128((const __m128i *)from);
}

INLINE __m256i load16(const int16_t *from) {
    return _mm256_loadu_si256((const __m256i *)from);
}

/// Rounds and stores four sums. The fourth value is overwritten by the next pixel, or is in the row's padding.
INLINE void store_pixel(int16_t *out, __m128i sums) {
    sums = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF)), SHIFT);
    _mm_storel_epi64((__m128i *)out, _mm_packs_epi32(sums, sums));
}

AVX2 static void resample_8_taps(
    const int16_t *planes, size_t stride, const int32_t *first, const int16_t *weights, int16_t *out, size_t out_pixels) {
    for (size_t i = 0; i < out_pixels; i++, weights += 8) {
        const int16_t *from = planes + first[i];
        __m128i weight = load8(weights);
        __m128i red = _mm_madd_epi16(load8(from), weight);
        __m128i green = _mm_madd_epi16(load8(from + stride), weight);
        __m128i blue = _mm_madd_epi16(load8(from + 2 * stride), weight);
        store_pixel(out + 3 * i, _mm_hadd_epi32(_mm_hadd_epi32(red, green), _mm_hadd_epi32(blue, blue)));
    }
}

AVX2 static void resample_avx2(
    const int16_t *planes, size_t stride, const int32_t *first, const int16_t *weights, size_t taps, int16_t *out,
    size_t out_pixels) {
    if (taps == 8) {
        resample_8_taps(planes, stride, first, weights, out, out_pixels);
        return;
    }
    for (size_t i = 0; i < out_pixels; i++, weights += taps) {
        const int16_t *from = planes + first[i];
        __m256i weight = load16(weights);
        __m256i red = _mm256_madd_epi16(load16(from), weight);
        __m256i green = _mm256_madd_epi16(load16(from + stride), weight);
        __m256i blue = _mm256_madd_epi16(load16(from + 2 * stride), weight);
        size_t k = 16;
        for (; k + 16 <= taps; k += 16) {
            weight = load16(weights + k);
            red = _mm256_add_epi32(red, _mm256_madd_epi16(load16(from + k), weight));
            green = _mm256_add_epi32(green, _mm256_madd_epi16(load16(from + k + stride), weight));
            blue = _mm256_add_epi32(blue, _mm256_madd_epi16(load16(from + k + 2 * stride), weight));
        }
        __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(red, green), _mm256_hadd_epi32(blue, blue));
        __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
        if (k < taps) {
            __m128i last = load8(weights + k);
            __m128i last_red = _mm_madd_epi16(load8(from + k), last);
            __m128i last_green = _mm_madd_epi16(load8(from + k + stride), last);
            __m128i last_blue = _mm_madd_epi16(load8(from + k + 2 * stride), last);
            __m128i last_sums =
                _mm_hadd_epi32(_mm_hadd_epi32(last_red, last_green), _mm_hadd_epi32(last_blue, last_blue));
            sums = _mm_add_epi32(sums, last_sums);
        }
        store_pixel(out + 3 * i, sums);
    }
}

AVX2 static void blend_avx2(
    const int16_t *ring, size_t stride, const int32_t *slots, const int16_t *weights, size_t taps, const uint8_t *curve,
    uint8_t *out, size_t count) {
    const __m256i half = _mm256_set1_epi32(HALF), white = _mm256_set1_epi16(FIXATIVE_KERNEL_WHITE);
    for (size_t j = 0; j < count; j += 16) {
        __m256i low = half, high = half;
        for (size_t k = 0; k < taps; k += 2) {
            int pair;
            memcpy(&pair, weights + k, sizeof pair);
            __m256i weight = _mm256_set1_epi32(pair);
            __m256i even = _mm256_loadu_si256((const __m256i *)(ring + (size_t)slots[k] * stride + j));
            __m256i odd = _mm256_loadu_si256((const __m256i *)(ring + (size_t)slots[k + 1] * stride + j));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(even, odd), weight));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(even, odd), weight));
        }
        __m256i light = _mm256_packs_epi32(_mm256_srai_epi32(low, SHIFT), _mm256_srai_epi32(high, SHIFT));
        light = _mm256_min_epi16(_mm256_max_epi16(light, _mm256_setzero_si256()), white);
        uint16_t indices[16];
        memcpy(indices, &light, sizeof indices);
        size_t left = count - j < 16 ? count - j : 16;
        if (left == 16) {
            for (size_t index = 0; index < 16; index++) out[j + index] = curve[indices[index]];
        } else {
            for (size_t index = 0; index < left; index++) out[j + index] = curve[indices[index]];
        }
    }
}
#endif

void fixative_kernel_resample_planes(
    const int16_t *planes, size_t stride, const int32_t *first, const int16_t *weights, size_t taps, int16_t *out,
    size_t out_pixels) {
#if defined(__x86_64__)
    if (fixative_kernel_has_avx2()) {
        resample_avx2(planes, stride, first, weights, taps, out, out_pixels);
        return;
    }
#endif
    resample_portable(planes, stride, first, weights, taps, out, out_pixels);
}

void fixative_kernel_blend_encode(
    const int16_t *ring, size_t stride, const int32_t *slots, const int16_t *weights, size_t taps, const uint8_t *curve,
    uint8_t *out, size_t count) {
#if defined(__x86_64__)
    if (fixative_kernel_has_avx2()) {
        blend_avx2(ring, stride, slots, weights, taps, curve, out, count);
        return;
    }
#endif
    blend_portable(ring, stride, slots, weights, taps, curve, out, count);
}
