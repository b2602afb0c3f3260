#include "fixative_kernels.h"

#include <stdatomic.h>
#include <string.h>

#include "kernels.h"

#pragma clang fp contract(off)

typedef float vec4 __attribute__((vector_size(16)));
typedef float vec8 __attribute__((vector_size(32)));

static inline vec4 load4(const float *from) {
    vec4 value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void store4(float *to, vec4 value) {
    memcpy(to, &value, sizeof value);
}

#if defined(__x86_64__)
#define FIXATIVE_HAS_AVX2 1
#define AVX2 __attribute__((target("avx2")))

static atomic_int avx2_allowed = 1;

bool fixative_kernel_has_avx2(void) {
    return atomic_load_explicit(&avx2_allowed, memory_order_relaxed) && __builtin_cpu_supports("avx2");
}

void fixative_kernel_use_avx2(int enabled) {
    atomic_store(&avx2_allowed, enabled);
}
#else
bool fixative_kernel_has_avx2(void) {
    return false;
}

void fixative_kernel_use_avx2(int enabled) {
    (void)enabled;
}
#endif

void fixative_kernel_linearize(const uint8_t *row, size_t pixels, size_t channels, const float *curve, float *out) {
    if (channels == 3) {
        for (size_t x = 0; x < pixels; x++, row += 3, out += 4) {
            store4(out, (vec4){curve[row[0]], curve[row[1]], curve[row[2]], 1.0f});
        }
        return;
    }
    for (size_t x = 0; x < pixels; x++, row += 4, out += 4) {
        float alpha = (float)row[3] / 255.0f;
        vec4 colour = {curve[row[0]], curve[row[1]], curve[row[2]], 1.0f};
        store4(out, colour * alpha);
    }
}

static void resample_portable(
    const float *in, const int32_t *first, const float *weights, size_t taps, float *out, size_t out_pixels) {
    for (size_t i = 0; i < out_pixels; i++, weights += taps) {
        const float *from = in + (size_t)first[i] * 4;
        vec4 even = {0}, odd = {0};
        for (size_t k = 0; k < taps; k += 2) {
            even += load4(from + k * 4) * weights[k];
            odd += load4(from + k * 4 + 4) * weights[k + 1];
        }
        store4(out + i * 4, even + odd);
    }
}

static void blend_portable(
    const float *ring, const int32_t *slots, const float *weights, size_t taps, float *out, size_t floats) {
    for (size_t j = 0; j < floats; j += 4) {
        vec4 sum = {0};
        for (size_t k = 0; k < taps; k++) sum += load4(ring + (size_t)slots[k] * floats + j) * weights[k];
        store4(out + j, sum);
    }
}

#if FIXATIVE_HAS_AVX2
AVX2 static void resample_avx2(
    const float *in, const int32_t *first, const float *weights, size_t taps, float *out, size_t out_pixels) {
    for (size_t i = 0; i < out_pixels; i++, weights += taps) {
        const float *from = in + (size_t)first[i] * 4;
        vec8 sum = {0};
        for (size_t k = 0; k < taps; k += 2) {
            vec8 pixels;
            memcpy(&pixels, from + k * 4, sizeof pixels);
            float a = weights[k], b = weights[k + 1];
            sum += pixels * (vec8){a, a, a, a, b, b, b, b};
        }
        vec4 even = __builtin_shufflevector(sum, sum, 0, 1, 2, 3);
        vec4 odd = __builtin_shufflevector(sum, sum, 4, 5, 6, 7);
        vec4 total = even + odd;
        memcpy(out + i * 4, &total, sizeof total);
    }
}

AVX2 static void blend_avx2(
    const float *ring, const int32_t *slots, const float *weights, size_t taps, float *out, size_t floats) {
    size_t j = 0;
    for (; j + 32 <= floats; j += 32) {
        vec8 sums[4] = {0};
        for (size_t k = 0; k < taps; k++) {
            const float *from = ring + (size_t)slots[k] * floats + j;
            for (int part = 0; part < 4; part++) {
                vec8 values;
                memcpy(&values, from + part * 8, sizeof values);
                sums[part] += values * weights[k];
            }
        }
        memcpy(out + j, sums, sizeof sums);
    }
    for (; j < floats; j++) {
        float sum = 0;
        for (size_t k = 0; k < taps; k++) sum += ring[(size_t)slots[k] * floats + j] * weights[k];
        out[j] = sum;
    }
}
#endif

void fixative_kernel_resample_row(
    const float *in, const int32_t *first, const float *weights, size_t taps, float *out, size_t out_pixels) {
#if FIXATIVE_HAS_AVX2
    if (fixative_kernel_has_avx2()) {
        resample_avx2(in, first, weights, taps, out, out_pixels);
        return;
    }
#endif
    resample_portable(in, first, weights, taps, out, out_pixels);
}

void fixative_kernel_blend_rows(
    const float *ring, const int32_t *slots, const float *weights, size_t taps, float *out, size_t floats) {
#if FIXATIVE_HAS_AVX2
    if (fixative_kernel_has_avx2()) {
        blend_avx2(ring, slots, weights, taps, out, floats);
        return;
    }
#endif
    blend_portable(ring, slots, weights, taps, out, floats);
}

// Lanczos overshoots at edges, so values below 0 and above 1 are normal here. A NaN fails both comparisons and becomes 0.
static inline float unit(float value) {
    return value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f;
}

static inline uint8_t encoded(float value, const uint8_t *curve) {
    return curve[(int32_t)(unit(value) * 65535.0f + 0.5f)];
}

void fixative_kernel_encode(const float *in, size_t pixels, size_t channels, const uint8_t *curve, uint8_t *out) {
    if (channels == 3) {
        for (size_t x = 0; x < pixels; x++, in += 4, out += 3) {
            out[0] = encoded(in[0], curve);
            out[1] = encoded(in[1], curve);
            out[2] = encoded(in[2], curve);
        }
        return;
    }
    for (size_t x = 0; x < pixels; x++, in += 4, out += 4) {
        uint8_t alpha = (uint8_t)(unit(in[3]) * 255.0f + 0.5f);
        // If alpha rounds to 0, the colour would be noise divided by almost zero.
        float scale = alpha == 0 ? 0.0f : 1.0f / in[3];
        out[0] = encoded(in[0] * scale, curve);
        out[1] = encoded(in[1] * scale, curve);
        out[2] = encoded(in[2] * scale, curve);
        out[3] = alpha;
    }
}
