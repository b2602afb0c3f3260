// Debian's zlib computes both checksums byte by byte, or nearly so. That would take an eighth of the decode time of a PNG.

#include "fixative_checksums.h"

#include <string.h>
#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m128i load(const uint8_t *from) {
    return _mm_loadu_si128((const __m128i *)from);
}

// Folding with carry-less multiplication: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel
// 2009. The constants are x^n mod P, bit-reflected, for each folding distance. `length` is at least 64.
__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i value, __m128i constants, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// The CRC register after the first `length / 16 * 16` bytes.
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc32_folded(uint32_t crc, const uint8_t *bytes, size_t length) {
    const __m128i by_four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i by_one = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i to_64 = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i low_32 = _mm_setr_epi32(-1, 0, -1, 0);

    __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)crc));
    __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
    bytes += 64;
    length -= 64;
    for (; length >= 64; bytes += 64, length -= 64) {
        a = fold(a, by_four, load(bytes));
        b = fold(b, by_four, load(bytes + 16));
        c = fold(c, by_four, load(bytes + 32));
        d = fold(d, by_four, load(bytes + 48));
    }
    a = fold(fold(fold(a, by_one, b), by_one, c), by_one, d);
    for (; length >= 16; bytes += 16, length -= 16) a = fold(a, by_one, load(bytes));

    // Reduce 128 bits to 64, then to 32, then compute the remainder.
    a = _mm_xor_si128(_mm_clmulepi64_si128(a, by_one, 0x10), _mm_srli_si128(a, 8));
    a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low_32), to_64, 0x00), _mm_srli_si128(a, 4));
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(a, low_32), barrett, 0x10);
    __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, product), 1);
}

enum { ADLER_BASE = 65521, ADLER_BLOCKS = 5552 / 32 };

/// Processes the first `length / 32 * 32` bytes. 5,552 bytes is the largest block for which the 32-bit sums need no modulo.
__attribute__((target("avx2"))) static uint32_t adler32_avx2(uint32_t adler, const uint8_t *bytes, size_t length) {
    const __m256i weights = _mm256_setr_epi8(32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12,
        11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    const __m256i ones = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    uint32_t a = adler & 0xFFFF, b = adler >> 16;
    size_t blocks = length / 32;
    while (blocks > 0) {
        size_t count = blocks < ADLER_BLOCKS ? blocks : ADLER_BLOCKS;
        blocks -= count;
        b += a * (uint32_t)(count * 32);
        __m256i sums = zero, earlier_sums = zero, weighted = zero;
        for (; count > 0; count--, bytes += 32) {
            __m256i block = _mm256_loadu_si256((const __m256i *)bytes);
            earlier_sums = _mm256_add_epi32(earlier_sums, sums);
            sums = _mm256_add_epi32(sums, _mm256_sad_epu8(block, zero));
            weighted = _mm256_add_epi32(weighted, _mm256_madd_epi16(_mm256_maddubs_epi16(block, weights), ones));
        }
        weighted = _mm256_add_epi32(weighted, _mm256_slli_epi32(earlier_sums, 5));
        uint32_t lanes[8], lane_sums[8];
        _mm256_storeu_si256((__m256i *)lanes, weighted);
        _mm256_storeu_si256((__m256i *)lane_sums, sums);
        for (int lane = 0; lane < 8; lane++) {
            a += lane_sums[lane];
            b = (b + lanes[lane] % ADLER_BASE) % ADLER_BASE;
        }
        a %= ADLER_BASE;
        b %= ADLER_BASE;
    }
    return b << 16 | a;
}
#endif

static uint32_t in_pieces(
    uLong (*sum)(uLong, const Bytef *, uInt), uint32_t value, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        uInt count = length < 1u << 30 ? (uInt)length : 1u << 30;
        value = (uint32_t)sum(value, bytes, count);
        bytes += count;
        length -= count;
    }
    return value;
}

uint32_t fixative_crc32(uint32_t crc, const uint8_t *bytes, size_t length) {
#if defined(__x86_64__)
    if (length >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        crc = ~crc32_folded(~crc, bytes, length);
        bytes += length & ~(size_t)15;
        length &= 15;
    }
#endif
    return in_pieces(crc32, crc, bytes, length);
}

uint32_t fixative_adler32(uint32_t adler, const uint8_t *bytes, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        adler = adler32_avx2(adler, bytes, length);
        bytes += length & ~(size_t)31;
        length &= 31;
    }
#endif
    return in_pieces(adler32, adler, bytes, length);
}
