#ifndef FIXATIVE_UNFILTER_H
#define FIXATIVE_UNFILTER_H

#include <stddef.h>
#include <stdint.h>

enum {
    /// Rows that are worked on at once.
    FIXATIVE_UNFILTER_ROWS = 4,
    /// Bytes after each row, filtered or not, that may be read, and after each row of pixels that may be written.
    FIXATIVE_UNFILTER_SLACK = 8,
};

/// Undoes the filters of `FIXATIVE_UNFILTER_ROWS` rows (PNG, third edition, section 9).
///
/// `filtered` are the rows without their leading filter byte, `filters` are these bytes (0 to 4), `above` is the finished row
/// before the first one, and `rows` gets `row_bytes` bytes each, a multiple of `pixel_bytes`.
void fixative_unfilter_rows(
    const uint8_t *_Nonnull const *_Nonnull filtered, const uint8_t *_Nonnull filters, const uint8_t *_Nonnull above,
    uint8_t *_Nonnull const *_Nonnull rows, size_t row_bytes, size_t pixel_bytes);

/// As above for one row.
void fixative_unfilter_row(
    const uint8_t *_Nonnull filtered, uint8_t filter, const uint8_t *_Nonnull above, uint8_t *_Nonnull row, size_t row_bytes,
    size_t pixel_bytes);

#endif
