#ifndef FIXATIVE_DEFLATE_H
#define FIXATIVE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A streaming decoder of deflate (RFC 1951) for the PNG fast path. It accepts exactly the streams that zlib accepts: code sets
// that are over-subscribed or incomplete, missing end codes, unused symbols and distances before the start are refused, which
// ISA-L and libdeflate do only in part. It gives no reasons: whatever it refuses, libpng decodes again and explains.

enum {
    FIXATIVE_DEFLATE_HISTORY = 32768,
    /// Bytes past `in_end` that may be read: zeros when the input is final, else undefined.
    FIXATIVE_DEFLATE_IN_PADDING = 1024,
    /// Bytes below which more input is asked for: more than the longest block header.
    FIXATIVE_DEFLATE_IN_MARGIN = 1024,
    /// Bytes past `out_limit` that may be written: the longest match and one wide store.
    FIXATIVE_DEFLATE_OUT_SLACK = 258 + 32,
    FIXATIVE_DEFLATE_LITERAL_BITS = 11,
    FIXATIVE_DEFLATE_DISTANCE_BITS = 9,
};

typedef enum fixative_deflate_result {
    /// `out` has passed `out_limit`.
    FIXATIVE_DEFLATE_FULL,
    /// Fewer than `FIXATIVE_DEFLATE_IN_MARGIN` bytes are left and the input is not final.
    FIXATIVE_DEFLATE_HUNGRY,
    /// The last block has ended; `in` is the first byte after it.
    FIXATIVE_DEFLATE_DONE,
    FIXATIVE_DEFLATE_REFUSED,
} fixative_deflate_result;

typedef struct fixative_deflate {
    const uint8_t *_Nullable in;
    const uint8_t *_Nullable in_end;
    bool in_is_final;
    uint8_t *_Nullable out;
    /// What is before this was never written, so no distance may reach it. At least `FIXATIVE_DEFLATE_HISTORY` bytes before
    /// `out`, once that many have been written.
    const uint8_t *_Nullable out_begin;
    uint8_t *_Nullable out_limit;

    uint64_t bits;
    uint32_t bit_count;
    uint32_t stored_left;
    bool is_last_block;
    bool has_fixed_codes;
    enum { FIXATIVE_DEFLATE_IN_HEADER, FIXATIVE_DEFLATE_IN_STORED, FIXATIVE_DEFLATE_IN_CODES } state;
    // Room for the first level and, by zlib's `enough` program, every set of second-level tables (2342 and 592 entries).
    uint32_t literals[2400];
    uint32_t distances[600];
} fixative_deflate;

/// Makes a decoder ready for the first byte of a deflate stream. The caller sets `in...` and `out...`.
void fixative_deflate_start(fixative_deflate *_Nonnull deflate);

/// Decodes until something is needed. May be called again after `FULL` and `HUNGRY`.
fixative_deflate_result fixative_deflate_run(fixative_deflate *_Nonnull deflate);

/// Builds the decoding tables from `literal_count` + `distance_count` code lengths; false when zlib would refuse them.
bool fixative_deflate_build_tables(
    fixative_deflate *_Nonnull deflate, const uint8_t *_Nonnull lengths, unsigned literal_count, unsigned distance_count);

/// Builds a complete code of at most 7 bits into 128 entries of `symbol << 8 | bits`; false when it is not complete.
bool fixative_deflate_build_length_code(uint16_t *_Nonnull table, const uint8_t *_Nonnull lengths, unsigned count);

// Entries of both tables. A literal entry holds one to three literals that fit the index together:
//   bits 0-5 the bits they take, 6-7 how many they are, 8-31 the literals.
// Anything else has 0 in bits 6-7. A length or distance:
//   bits 0-5 the bits of code and extra bits, 8-11 the bits of the code, 16-30 the base.
// Bit 31 marks the rest: bits 28-30 say which, and a link to a second table has its offset in bits 8-23 and the number of
// bits that index it in bits 0-5.
#define FIXATIVE_ENTRY_SPECIAL 0x80000000u
#define FIXATIVE_ENTRY_KIND 0x70000000u
#define FIXATIVE_ENTRY_LINK 0x10000000u
#define FIXATIVE_ENTRY_END 0x20000000u
#define FIXATIVE_ENTRY_INVALID 0x40000000u

#endif
