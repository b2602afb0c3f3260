#include "deflate.h"

#include <string.h>

#define LITERAL_MASK ((1u << FIXATIVE_DEFLATE_LITERAL_BITS) - 1)
#define DISTANCE_MASK ((1u << FIXATIVE_DEFLATE_DISTANCE_BITS) - 1)

void fixative_deflate_start(fixative_deflate *deflate) {
    deflate->bits = 0;
    deflate->bit_count = 0;
    deflate->stored_left = 0;
    deflate->is_last_block = false;
    deflate->has_fixed_codes = false;
    deflate->state = FIXATIVE_DEFLATE_IN_HEADER;
}

static inline __attribute__((always_inline)) uint64_t load64(const uint8_t *from) {
    uint64_t value;
    memcpy(&value, from, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static inline __attribute__((always_inline)) void store32(uint8_t *to, uint32_t value) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    memcpy(to, &value, sizeof value);
}

// Bits above `bit_count` may already contain bits of the byte at `in`; the next refill ORs the same bits again.
#define REFILL()                           \
    do {                                   \
        bits |= load64(in) << bit_count;   \
        in += (63 - bit_count) >> 3;       \
        bit_count |= 56;                   \
    } while (0)

/// The end of the consumed input; a partly used byte counts as consumed.
static const uint8_t *position(const fixative_deflate *deflate) {
    return deflate->in - (deflate->bit_count >> 3);
}

static bool has_overrun(const fixative_deflate *deflate) {
    return position(deflate) > deflate->in_end;
}

static inline __attribute__((always_inline)) void copy_match(uint8_t *out, size_t distance, size_t length) {
    const uint8_t *from = out - distance;
    uint8_t *end = out + length;
    if (distance >= 16) {
        do {
            memcpy(out, from, 16);
            out += 16;
            from += 16;
        } while (out < end);
    } else if (distance >= 8) {
        do {
            memcpy(out, from, 8);
            out += 8;
            from += 8;
        } while (out < end);
    } else if (distance == 1) {
        memset(out, *from, length);
    } else {
        // Each store makes `distance` more bytes correct; the next store overwrites the rest.
        do {
            uint64_t chunk;
            memcpy(&chunk, from, sizeof chunk);
            memcpy(out, &chunk, sizeof chunk);
            out += distance;
            from += distance;
        } while (out < end);
    }
}

typedef enum codes_result { CODES_ENDED, CODES_PAUSED, CODES_REFUSED } codes_result;

static inline __attribute__((always_inline)) codes_result run_codes_body(fixative_deflate *deflate) {
    const uint8_t *in = deflate->in;
    // Unless the input is final, every load stays within it. At the final end, loads may read the zero padding after it.
    const uint8_t *in_limit = deflate->in_is_final ? deflate->in_end + 8 : deflate->in_end - 32;
    uint8_t *out = deflate->out;
    uint8_t *const out_limit = deflate->out_limit;
    const uint8_t *const out_begin = deflate->out_begin;
    const uint32_t *const literals = deflate->literals;
    const uint32_t *const distances = deflate->distances;
    uint64_t bits = deflate->bits;
    uint32_t bit_count = deflate->bit_count;
    codes_result result = CODES_PAUSED;

#define CONSUME(entry)               \
    do {                             \
        bits >>= (entry) & 63;       \
        bit_count -= (entry) & 63;   \
    } while (0)
#define EMIT(entry)                  \
    do {                             \
        store32(out, (entry) >> 8);  \
        out += (entry) >> 6 & 3;     \
        CONSUME(entry);              \
    } while (0)

    while (in <= in_limit && out <= out_limit) {
        REFILL();
        uint32_t entry = literals[bits & LITERAL_MASK];
        if (entry & 0xC0) {
            // Four lookups use at most 44 of the 56 bits, and write at most 12 bytes.
            EMIT(entry);
            entry = literals[bits & LITERAL_MASK];
            if (entry & 0xC0) {
                EMIT(entry);
                entry = literals[bits & LITERAL_MASK];
                if (entry & 0xC0) {
                    EMIT(entry);
                    entry = literals[bits & LITERAL_MASK];
                    if (entry & 0xC0) {
                        EMIT(entry);
                        continue;
                    }
                }
            }
            REFILL();
        }
        if (entry & FIXATIVE_ENTRY_SPECIAL) {
            if (entry & FIXATIVE_ENTRY_LINK) {
                uint32_t index = (uint32_t)(bits >> FIXATIVE_DEFLATE_LITERAL_BITS) & ((1u << (entry & 63)) - 1);
                entry = literals[(entry >> 8 & 0xFFFF) + index];
                if (entry & 0xC0) {
                    EMIT(entry);
                    continue;
                }
            }
            if (entry & FIXATIVE_ENTRY_SPECIAL) {
                if (entry & FIXATIVE_ENTRY_END) {
                    CONSUME(entry);
                    result = CODES_ENDED;
                } else {
                    result = CODES_REFUSED;
                }
                break;
            }
        }
        // A length takes at most 20 bits and a distance 28, so one refill is enough for both.
        size_t length = (entry >> 16) + (size_t)((bits & ((1ull << (entry & 63)) - 1)) >> (entry >> 8 & 15));
        CONSUME(entry);
        entry = distances[bits & DISTANCE_MASK];
        if (entry & FIXATIVE_ENTRY_SPECIAL) {
            if (!(entry & FIXATIVE_ENTRY_LINK)) {
                result = CODES_REFUSED;
                break;
            }
            uint32_t index = (uint32_t)(bits >> FIXATIVE_DEFLATE_DISTANCE_BITS) & ((1u << (entry & 63)) - 1);
            entry = distances[(entry >> 8 & 0xFFFF) + index];
            if (entry & FIXATIVE_ENTRY_SPECIAL) {
                result = CODES_REFUSED;
                break;
            }
        }
        size_t distance = (entry >> 16) + (size_t)((bits & ((1ull << (entry & 63)) - 1)) >> (entry >> 8 & 15));
        CONSUME(entry);
        if (distance > (size_t)(out - out_begin)) {
            result = CODES_REFUSED;
            break;
        }
        copy_match(out, distance, length);
        out += length;
    }
    deflate->in = in;
    deflate->out = out;
    deflate->bits = bits;
    deflate->bit_count = bit_count;
    return result;
}

static codes_result run_codes_portable(fixative_deflate *deflate) {
    return run_codes_body(deflate);
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static codes_result run_codes_bmi2(fixative_deflate *deflate) {
    return run_codes_body(deflate);
}
#endif

static codes_result run_codes(fixative_deflate *deflate) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi2")) return run_codes_bmi2(deflate);
#endif
    return run_codes_portable(deflate);
}

static void refill(fixative_deflate *deflate) {
    const uint8_t *in = deflate->in;
    uint64_t bits = deflate->bits;
    uint32_t bit_count = deflate->bit_count;
    REFILL();
    deflate->in = in;
    deflate->bits = bits;
    deflate->bit_count = bit_count;
}

static uint32_t take(fixative_deflate *deflate, unsigned count) {
    if (deflate->bit_count < count) refill(deflate);
    uint32_t value = (uint32_t)(deflate->bits & ((1ull << count) - 1));
    deflate->bits >>= count;
    deflate->bit_count -= count;
    return value;
}

/// Returns whole unused bytes to the input and drops the remaining bits of a partial byte.
static void align(fixative_deflate *deflate) {
    deflate->in = position(deflate);
    deflate->bits = 0;
    deflate->bit_count = 0;
}

static bool read_dynamic_header(fixative_deflate *deflate) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned literal_count = take(deflate, 5) + 257;
    unsigned distance_count = take(deflate, 5) + 1;
    unsigned length_count = take(deflate, 4) + 4;
    if (literal_count > 286 || distance_count > 30) return false;
    uint8_t code_lengths[19] = {0};
    for (unsigned index = 0; index < length_count; index++) code_lengths[order[index]] = (uint8_t)take(deflate, 3);
    uint16_t table[128];
    if (!fixative_deflate_build_length_code(table, code_lengths, 19)) return false;

    uint8_t lengths[286 + 30 + 138];
    unsigned done = 0, total = literal_count + distance_count;
    while (done < total) {
        if (deflate->bit_count < 14) refill(deflate);
        uint16_t entry = table[deflate->bits & 127];
        take(deflate, entry & 0xFF);
        unsigned symbol = entry >> 8;
        if (symbol < 16) {
            lengths[done++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && done == 0) return false;
        uint8_t value = symbol == 16 ? lengths[done - 1] : 0;
        unsigned repeat = symbol == 16 ? 3 + take(deflate, 2) : symbol == 17 ? 3 + take(deflate, 3) : 11 + take(deflate, 7);
        if (repeat > total - done) return false;
        memset(lengths + done, value, repeat);
        done += repeat;
    }
    if (lengths[256] == 0 || has_overrun(deflate)) return false;
    deflate->has_fixed_codes = false;
    return fixative_deflate_build_tables(deflate, lengths, literal_count, distance_count);
}

// Keep the fixed tables from block to block: a block can be as short as ten bits, and building them takes microseconds.
static bool use_fixed_codes(fixative_deflate *deflate) {
    if (deflate->has_fixed_codes) return true;
    deflate->has_fixed_codes = true;
    uint8_t lengths[288 + 32];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + 288, 5, 32);
    return fixative_deflate_build_tables(deflate, lengths, 288, 32);
}

static bool read_header(fixative_deflate *deflate) {
    deflate->is_last_block = take(deflate, 1);
    switch (take(deflate, 2)) {
    case 0: {
        align(deflate);
        const uint8_t *sizes = deflate->in;
        if (sizes > deflate->in_end || deflate->in_end - sizes < 4) return false;
        uint32_t size = sizes[0] | (uint32_t)sizes[1] << 8, inverse = sizes[2] | (uint32_t)sizes[3] << 8;
        if ((size ^ inverse) != 0xFFFF) return false;
        deflate->in = sizes + 4;
        deflate->stored_left = size;
        deflate->state = FIXATIVE_DEFLATE_IN_STORED;
        return true;
    }
    case 1:
        deflate->state = FIXATIVE_DEFLATE_IN_CODES;
        return use_fixed_codes(deflate);
    case 2:
        deflate->state = FIXATIVE_DEFLATE_IN_CODES;
        return read_dynamic_header(deflate);
    default:
        return false;
    }
}

/// Copies the part of a stored block for which there are input and room. The output may end one byte past `out_limit`.
static void copy_stored(fixative_deflate *deflate) {
    size_t count = deflate->stored_left;
    size_t available = (size_t)(deflate->in_end - deflate->in);
    size_t room = deflate->out > deflate->out_limit ? 0 : (size_t)(deflate->out_limit - deflate->out) + 1;
    if (count > available) count = available;
    if (count > room) count = room;
    memcpy(deflate->out, deflate->in, count);
    deflate->in += count;
    deflate->out += count;
    deflate->stored_left -= (uint32_t)count;
}

static fixative_deflate_result finish(fixative_deflate *deflate) {
    align(deflate);
    return deflate->in > deflate->in_end ? FIXATIVE_DEFLATE_REFUSED : FIXATIVE_DEFLATE_DONE;
}

fixative_deflate_result fixative_deflate_run(fixative_deflate *deflate) {
    for (;;) {
        if (deflate->out > deflate->out_limit) return FIXATIVE_DEFLATE_FULL;
        if (!deflate->in_is_final && deflate->in_end - position(deflate) < FIXATIVE_DEFLATE_IN_MARGIN) {
            return FIXATIVE_DEFLATE_HUNGRY;
        }
        bool block_has_ended = false;
        switch (deflate->state) {
        case FIXATIVE_DEFLATE_IN_HEADER:
            if (!read_header(deflate) || has_overrun(deflate)) return FIXATIVE_DEFLATE_REFUSED;
            continue;
        case FIXATIVE_DEFLATE_IN_STORED:
            copy_stored(deflate);
            block_has_ended = deflate->stored_left == 0;
            if (!block_has_ended && deflate->in == deflate->in_end && deflate->in_is_final) return FIXATIVE_DEFLATE_REFUSED;
            break;
        case FIXATIVE_DEFLATE_IN_CODES: {
            codes_result result = run_codes(deflate);
            if (result == CODES_REFUSED || has_overrun(deflate)) return FIXATIVE_DEFLATE_REFUSED;
            block_has_ended = result == CODES_ENDED;
            break;
        }
        }
        if (!block_has_ended) continue;
        if (deflate->is_last_block) return finish(deflate);
        deflate->state = FIXATIVE_DEFLATE_IN_HEADER;
    }
}
