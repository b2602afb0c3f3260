// Builds decoding tables from code lengths, with the same checks as zlib's `inflate_table`.

#include <string.h>

#include "deflate.h"

enum { MAX_BITS = 15 };

typedef struct canonical_code {
    uint16_t counts[MAX_BITS + 1];
    /// The symbols that have a code, ordered by code.
    uint16_t sorted[288];
    unsigned longest;
    bool is_complete;
} canonical_code;

/// Returns false if the lengths are over-subscribed.
static bool sort_codes(canonical_code *code, const uint8_t *lengths, unsigned count) {
    memset(code->counts, 0, sizeof code->counts);
    for (unsigned symbol = 0; symbol < count; symbol++) code->counts[lengths[symbol]]++;
    code->counts[0] = 0;
    code->longest = MAX_BITS;
    while (code->longest > 0 && code->counts[code->longest] == 0) code->longest--;
    int left = 1;
    uint16_t offsets[MAX_BITS + 2] = {0};
    for (unsigned bits = 1; bits <= MAX_BITS; bits++) {
        left = (left << 1) - code->counts[bits];
        if (left < 0) return false;
        offsets[bits + 1] = (uint16_t)(offsets[bits] + code->counts[bits]);
    }
    code->is_complete = left == 0;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        if (lengths[symbol]) code->sorted[offsets[lengths[symbol]]++] = (uint16_t)symbol;
    }
    return true;
}

/// The next code in bit-reversed order, because deflate stores codes with the highest bit first.
static unsigned next_reversed(unsigned code, unsigned bits) {
    unsigned bit = 1u << (bits - 1);
    while (code & bit) bit >>= 1;
    return bit ? (code & (bit - 1)) + bit : 0;
}

/// Fills `table` from a sorted code. `entries` holds the entry of each symbol without its code bits. Returns false if `capacity`
/// is too small.
static bool fill(
    uint32_t *table, unsigned capacity, unsigned table_bits, const canonical_code *code, const uint32_t *entries) {
    unsigned next = 1u << table_bits;
    for (unsigned index = 0; index < next; index++) table[index] = FIXATIVE_ENTRY_SPECIAL | FIXATIVE_ENTRY_INVALID;
    unsigned reversed = 0, done = 0, link_prefix = ~0u, link_offset = 0, link_bits = 0;
    for (unsigned bits = 1; bits <= code->longest; bits++) {
        unsigned left_of_length = code->counts[bits];
        for (; left_of_length > 0; left_of_length--, done++) {
            uint32_t entry = entries[code->sorted[done]];
            // Add the code's bits to the total. For lengths and distances, also store them alone: the extra bits follow after
            // them.
            if (!(entry & FIXATIVE_ENTRY_SPECIAL)) entry += (entry & 0xC0) ? bits : bits | bits << 8;
            else if (entry & FIXATIVE_ENTRY_END) entry |= bits;
            if (bits <= table_bits) {
                for (unsigned index = reversed; index < 1u << table_bits; index += 1u << bits) table[index] = entry;
            } else {
                unsigned prefix = reversed & ((1u << table_bits) - 1);
                if (prefix != link_prefix) {
                    // Use as many index bits as the codes that share this prefix need.
                    link_prefix = prefix;
                    link_offset = next;
                    link_bits = bits - table_bits;
                    int room = (1 << link_bits) - (int)left_of_length;
                    while (table_bits + link_bits < code->longest && room > 0) {
                        link_bits++;
                        room = (room << 1) - code->counts[table_bits + link_bits];
                    }
                    if (next + (1u << link_bits) > capacity) return false;
                    next += 1u << link_bits;
                    table[prefix] = FIXATIVE_ENTRY_SPECIAL | FIXATIVE_ENTRY_LINK | link_offset << 8 | link_bits;
                }
                for (unsigned index = reversed >> table_bits; index < 1u << link_bits; index += 1u << (bits - table_bits)) {
                    table[link_offset + index] = entry;
                }
            }
            reversed = next_reversed(reversed, bits);
        }
    }
    return true;
}

/// Joins literals whose codes fit the index together. Works downwards, because the entries that follow a code are at lower
/// indices and must still be single literals.
static void join_literals(uint32_t *table, unsigned table_bits) {
    for (unsigned index = 1u << table_bits; index-- > 0;) {
        uint32_t first = table[index];
        if (!(first & 0xC0)) continue;
        unsigned bits = first & 63;
        uint32_t second = table[index >> bits];
        if (!(second & 0xC0) || bits + (second & 63) > table_bits) continue;
        bits += second & 63;
        uint32_t joined = (first & 0xFF00) | (second & 0xFF00) << 8;
        uint32_t third = table[index >> bits];
        if ((third & 0xC0) && bits + (third & 63) <= table_bits) {
            bits += third & 63;
            table[index] = joined | (third & 0xFF00) << 16 | 3u << 6 | bits;
        } else {
            table[index] = joined | 2u << 6 | bits;
        }
    }
}

static uint32_t ranged(unsigned base, unsigned extra) {
    return (uint32_t)base << 16 | extra;
}

static void literal_entries(uint32_t *entries) {
    static const uint16_t bases[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258};
    static const uint8_t extras[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    for (unsigned symbol = 0; symbol < 256; symbol++) entries[symbol] = 1u << 6 | symbol << 8;
    entries[256] = FIXATIVE_ENTRY_SPECIAL | FIXATIVE_ENTRY_END;
    for (unsigned index = 0; index < 29; index++) entries[257 + index] = ranged(bases[index], extras[index]);
    entries[286] = entries[287] = FIXATIVE_ENTRY_SPECIAL | FIXATIVE_ENTRY_INVALID;
}

static void distance_entries(uint32_t *entries) {
    entries[0] = ranged(1, 0);
    entries[1] = ranged(2, 0);
    unsigned base = 3;
    for (unsigned symbol = 2; symbol < 30; symbol++) {
        unsigned extra = symbol / 2 - 1;
        entries[symbol] = ranged(base, extra);
        base += 1u << extra;
    }
    entries[30] = entries[31] = FIXATIVE_ENTRY_SPECIAL | FIXATIVE_ENTRY_INVALID;
}

bool fixative_deflate_build_tables(
    fixative_deflate *deflate, const uint8_t *lengths, unsigned literal_count, unsigned distance_count) {
    canonical_code code;
    uint32_t entries[288];
    if (!sort_codes(&code, lengths, literal_count)) return false;
    // zlib accepts an incomplete code only if it has a single code of one bit.
    if (!code.is_complete && code.longest != 1) return false;
    literal_entries(entries);
    unsigned capacity = sizeof deflate->literals / sizeof deflate->literals[0];
    if (!fill(deflate->literals, capacity, FIXATIVE_DEFLATE_LITERAL_BITS, &code, entries)) return false;
    join_literals(deflate->literals, FIXATIVE_DEFLATE_LITERAL_BITS);

    if (!sort_codes(&code, lengths + literal_count, distance_count)) return false;
    // A block that contains only literals has no distance code.
    if (!code.is_complete && code.longest > 1) return false;
    distance_entries(entries);
    capacity = sizeof deflate->distances / sizeof deflate->distances[0];
    return fill(deflate->distances, capacity, FIXATIVE_DEFLATE_DISTANCE_BITS, &code, entries);
}

bool fixative_deflate_build_length_code(uint16_t *table, const uint8_t *lengths, unsigned count) {
    canonical_code code;
    if (!sort_codes(&code, lengths, count) || !code.is_complete) return false;
    unsigned reversed = 0, done = 0;
    for (unsigned bits = 1; bits <= code.longest; bits++) {
        for (unsigned left = code.counts[bits]; left > 0; left--, done++) {
            uint16_t entry = (uint16_t)(code.sorted[done] << 8 | bits);
            for (unsigned index = reversed; index < 128; index += 1u << bits) table[index] = entry;
            reversed = next_reversed(reversed, bits);
        }
    }
    return true;
}
