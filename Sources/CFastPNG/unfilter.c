#include "unfilter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline uint8_t paeth(int left, int above, int corner) {
    int to_left = abs(above - corner), to_above = abs(left - corner), to_corner = abs(left + above - 2 * corner);
    if (to_left <= to_above && to_left <= to_corner) return (uint8_t)left;
    return (uint8_t)(to_above <= to_corner ? above : corner);
}

void fixative_unfilter_row(
    const uint8_t *filtered, uint8_t filter, const uint8_t *above, uint8_t *row, size_t row_bytes, size_t pixel_bytes) {
    size_t start = pixel_bytes < row_bytes ? pixel_bytes : row_bytes;
    switch (filter) {
    case 1:
        memcpy(row, filtered, start);
        for (size_t i = start; i < row_bytes; i++) row[i] = (uint8_t)(filtered[i] + row[i - pixel_bytes]);
        break;
    case 2:
        for (size_t i = 0; i < row_bytes; i++) row[i] = (uint8_t)(filtered[i] + above[i]);
        break;
    case 3:
        for (size_t i = 0; i < start; i++) row[i] = (uint8_t)(filtered[i] + above[i] / 2);
        for (size_t i = start; i < row_bytes; i++) row[i] = (uint8_t)(filtered[i] + (row[i - pixel_bytes] + above[i]) / 2);
        break;
    case 4:
        for (size_t i = 0; i < start; i++) row[i] = (uint8_t)(filtered[i] + above[i]);
        for (size_t i = start; i < row_bytes; i++) {
            row[i] = (uint8_t)(filtered[i] + paeth(row[i - pixel_bytes], above[i], above[i - pixel_bytes]));
        }
        break;
    default:
        memcpy(row, filtered, row_bytes);
        break;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

// Four rows run as a wavefront, one in each 64-bit lane, each two pixels behind the row above. So a lane's left neighbour is its
// own result of the previous step. Its upper neighbour is the result of the lane above, two steps earlier. The only dependency
// between consecutive steps is thus within a lane. Sub, Up and None are computed as Paeth with some neighbours set to 0.
enum { LAG = 2, LEAD = LAG * (FIXATIVE_UNFILTER_ROWS - 1) };

typedef struct wavefront {
    const uint8_t *filtered[FIXATIVE_UNFILTER_ROWS];
    const uint8_t *above;
    uint8_t *rows[FIXATIVE_UNFILTER_ROWS];
    size_t pixels;
    __m256i uses_left, uses_above, uses_corner, is_average;
    __m256i result, earlier_result, corner;
} wavefront;

AVX2_INLINE int load_pixel(const uint8_t *from) {
    int pixel;
    memcpy(&pixel, from, sizeof pixel);
    return pixel;
}

/// For three-byte pixels, the fourth byte is overwritten by the next pixel, or is in the slack.
AVX2_INLINE void store_pixel(uint8_t *to, int pixel) {
    memcpy(to, &pixel, sizeof pixel);
}

AVX2_INLINE void step(wavefront *wave, size_t x, size_t pixel_bytes, bool is_all_paeth, bool is_inside) {
    int loaded[FIXATIVE_UNFILTER_ROWS];
    for (size_t lane = 0; lane < FIXATIVE_UNFILTER_ROWS; lane++) {
        size_t pixel = x - lane * LAG;
        loaded[lane] = is_inside || pixel < wave->pixels ? load_pixel(wave->filtered[lane] + pixel * pixel_bytes) : 0;
    }
    int over = is_inside || x < wave->pixels ? load_pixel(wave->above + x * pixel_bytes) : 0;
    __m256i filtered = _mm256_cvtepu8_epi16(_mm_setr_epi32(loaded[0], loaded[1], loaded[2], loaded[3]));
    __m256i top = _mm256_cvtepu8_epi16(_mm_cvtsi32_si128(over));

    __m256i left = wave->result;
    __m256i above = _mm256_blend_epi32(_mm256_permute4x64_epi64(wave->earlier_result, 0x90), top, 0x03);
    __m256i corner = wave->corner;
    wave->corner = above;
    __m256i average = left;
    if (!is_all_paeth) {
        left = _mm256_and_si256(left, wave->uses_left);
        average = _mm256_srli_epi16(_mm256_add_epi16(left, above), 1);
        above = _mm256_and_si256(above, wave->uses_above);
        corner = _mm256_and_si256(corner, wave->uses_corner);
    }
    __m256i above_less_corner = _mm256_sub_epi16(above, corner);
    __m256i left_less_corner = _mm256_sub_epi16(left, corner);
    __m256i to_left = _mm256_abs_epi16(above_less_corner);
    __m256i to_above = _mm256_abs_epi16(left_less_corner);
    __m256i to_corner = _mm256_abs_epi16(_mm256_add_epi16(above_less_corner, left_less_corner));
    __m256i nearest = _mm256_min_epi16(_mm256_min_epi16(to_left, to_above), to_corner);
    __m256i predicted = _mm256_blendv_epi8(corner, above, _mm256_cmpeq_epi16(nearest, to_above));
    predicted = _mm256_blendv_epi8(predicted, left, _mm256_cmpeq_epi16(nearest, to_left));
    if (!is_all_paeth) predicted = _mm256_blendv_epi8(predicted, average, wave->is_average);
    // Clear the upper byte of each 16-bit sum, because the next step uses the sums as neighbouring pixels.
    __m256i result = _mm256_and_si256(_mm256_add_epi16(filtered, predicted), _mm256_set1_epi16(0xFF));
    wave->earlier_result = wave->result;
    wave->result = result;

    __m256i packed = _mm256_packus_epi16(result, result);
    __m128i low = _mm256_castsi256_si128(packed), high = _mm256_extracti128_si256(packed, 1);
    int stored[FIXATIVE_UNFILTER_ROWS] = {
        _mm_cvtsi128_si32(low), _mm_extract_epi32(low, 1), _mm_cvtsi128_si32(high), _mm_extract_epi32(high, 1)};
    for (size_t lane = 0; lane < FIXATIVE_UNFILTER_ROWS; lane++) {
        size_t pixel = x - lane * LAG;
        if (is_inside || pixel < wave->pixels) {
            store_pixel(wave->rows[lane] + pixel * pixel_bytes, stored[lane]);
        }
    }
}

AVX2_INLINE void run(wavefront *given, size_t pixel_bytes, bool is_all_paeth) {
    wavefront wave = *given;
    size_t x = 0, end = wave.pixels + LEAD;
    // In a lane that has not started, the index wraps around below 0 and is never less than `pixels`, so its result stays 0.
    for (; x < LEAD; x++) step(&wave, x, pixel_bytes, is_all_paeth, false);
    for (; x < wave.pixels; x++) step(&wave, x, pixel_bytes, is_all_paeth, true);
    for (; x < end; x++) step(&wave, x, pixel_bytes, is_all_paeth, false);
}

AVX2 static void unfilter_avx2(
    const uint8_t *const *filtered, const uint8_t *filters, const uint8_t *above, uint8_t *const *rows, size_t row_bytes,
    size_t pixel_bytes) {
    wavefront wave = {.above = above, .pixels = row_bytes / pixel_bytes};
    memcpy(wave.filtered, filtered, sizeof wave.filtered);
    memcpy(wave.rows, rows, sizeof wave.rows);
    long long left[4], up[4], corner[4], average[4];
    bool is_all_paeth = true;
    for (int lane = 0; lane < 4; lane++) {
        uint8_t filter = filters[lane];
        left[lane] = filter == 1 || filter >= 3 ? -1 : 0;
        up[lane] = filter == 2 || filter == 4 ? -1 : 0;
        corner[lane] = filter == 4 ? -1 : 0;
        average[lane] = filter == 3 ? -1 : 0;
        is_all_paeth = is_all_paeth && filter == 4;
    }
    wave.uses_left = _mm256_setr_epi64x(left[0], left[1], left[2], left[3]);
    wave.uses_above = _mm256_setr_epi64x(up[0], up[1], up[2], up[3]);
    wave.uses_corner = _mm256_setr_epi64x(corner[0], corner[1], corner[2], corner[3]);
    wave.is_average = _mm256_setr_epi64x(average[0], average[1], average[2], average[3]);
    wave.result = wave.earlier_result = wave.corner = _mm256_setzero_si256();
    if (pixel_bytes == 3) {
        if (is_all_paeth) run(&wave, 3, true);
        else run(&wave, 3, false);
    } else {
        if (is_all_paeth) run(&wave, 4, true);
        else run(&wave, 4, false);
    }
}
#endif

void fixative_unfilter_rows(
    const uint8_t *const *filtered, const uint8_t *filters, const uint8_t *above, uint8_t *const *rows, size_t row_bytes,
    size_t pixel_bytes) {
#if defined(__x86_64__)
    bool needs_neighbours = false;
    for (int row = 0; row < FIXATIVE_UNFILTER_ROWS; row++) {
        needs_neighbours = needs_neighbours || filters[row] == 1 || filters[row] >= 3;
    }
    if (needs_neighbours && (pixel_bytes == 3 || pixel_bytes == 4) && __builtin_cpu_supports("avx2")) {
        unfilter_avx2(filtered, filters, above, rows, row_bytes, pixel_bytes);
        return;
    }
#endif
    for (int row = 0; row < FIXATIVE_UNFILTER_ROWS; row++) {
        fixative_unfilter_row(filtered[row], filters[row], row == 0 ? above : rows[row - 1], rows[row], row_bytes, pixel_bytes);
    }
}
