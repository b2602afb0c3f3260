#ifndef FIXATIVE_DEFLATE_H
#define FIXATIVE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A streaming decoder for deflate (RFC 1951), used by the PNG fast path. It accepts exactly the streams that zlib accepts. It
// rejects over-subscribed and incomplete code sets, missing end-of-block codes, unused symbols, and distances before the start of
// the output; ISA-L and libdeflate reject only some of these. It reports no reasons: libpng decodes any rejected stream again and
// reports the error.

enum {
    FIXATIVE_DEFLATE_HISTORY = 32768,
    /// Bytes past `in_end` that may be read: zeros if the input is final, otherwise undefined.
    FIXATIVE_DEFLATE_IN_PADDING = 1024,
    /// More input is requested if fewer bytes than this remain; it exceeds the longest block header.
    FIXATIVE_DEFLATE_IN_MARGIN = 1024,
    /// Bytes past `out_limit` that may be written: the longest match plus one wide store.
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
    /// The start of the valid output: distances must not reach before it. It is at least `FIXATIVE_DEFLATE_HISTORY` bytes before
    /// `out`, once that many bytes have been written.
    const uint8_t *_Nullable out_begin;
    uint8_t *_Nullable out_limit;

    uint64_t bits;
    uint32_t bit_count;
    uint32_t stored_left;
    bool is_last_block;
    bool has_fixed_codes;
    enum { FIXATIVE_DEFLATE_IN_HEADER, FIXATIVE_DEFLATE_IN_STORED, FIXATIVE_DEFLATE_IN_CODES } state;
    // Room for the first-level table and the largest possible set of second-level tables (2342 and 592 entries, computed with
    // zlib's `enough` program).
    uint32_t literals[2400];
    uint32_t distances[600];
} fixative_deflate;

/// Prepares a decoder for the first byte of a deflate stream. The caller sets `in...` and `out...`.
void fixative_deflate_start(fixative_deflate *_Nonnull deflate);

/// Decodes until input or room is used up, or the stream ends. May be called again after `FULL` and `HUNGRY`.
fixative_deflate_result fixative_deflate_run(fixative_deflate *_Nonnull deflate);

/// Builds the decoding tables from `literal_count` + `distance_count` code lengths; false if zlib would reject them.
bool fixative_deflate_build_tables(
    fixative_deflate *_Nonnull deflate, const uint8_t *_Nonnull lengths, unsigned literal_count, unsigned distance_count);

/// Builds a complete code of at most 7 bits into 128 entries of `symbol << 8 | bits`; false if the code is incomplete.
bool fixative_deflate_build_length_code(uint16_t *_Nonnull table, const uint8_t *_Nonnull lengths, unsigned count);

// Layout of the entries in both tables:
// - Literals: bits 0-5 hold the number of input bits, bits 6-7 the number of literals, bits 8-31 the literals. An entry holds one
//   to three literals whose codes fit the index together. All other entries have 0 in bits 6-7.
// - Length or distance: bits 0-5 hold the number of bits of code and extra bits, bits 8-11 the bits of the code alone, bits 16-30
//   the base value.
// - Special, with bit 31 set: bits 28-30 hold the kind. A link to a second-level table has its offset in bits 8-23 and the number
//   of index bits in bits 0-5.
#define FIXATIVE_ENTRY_SPECIAL 0x80000000u
#define FIXATIVE_ENTRY_KIND 0x70000000u
#define FIXATIVE_ENTRY_LINK 0x10000000u
#define FIXATIVE_ENTRY_END 0x20000000u
#define FIXATIVE_ENTRY_INVALID 0x40000000u

#endif
