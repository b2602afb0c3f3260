#ifndef FIXATIVE_UNFILTER_H
#define FIXATIVE_UNFILTER_H

#include <stddef.h>
#include <stdint.h>

enum {
    /// The number of rows processed at once.
    FIXATIVE_UNFILTER_ROWS = 4,
    /// Bytes after each row that may be accessed: read in filtered and unfiltered rows, written in unfiltered rows.
    FIXATIVE_UNFILTER_SLACK = 8,
};

/// Reverses the filters of `FIXATIVE_UNFILTER_ROWS` rows (PNG, third edition, section 9).
///
/// `filtered` are the rows without their leading filter bytes, and `filters` are these bytes (0 to 4). `above` is the unfiltered
/// row before the first one. Each of `rows` receives `row_bytes` bytes, a multiple of `pixel_bytes`.
void fixative_unfilter_rows(
    const uint8_t *_Nonnull const *_Nonnull filtered, const uint8_t *_Nonnull filters, const uint8_t *_Nonnull above,
    uint8_t *_Nonnull const *_Nonnull rows, size_t row_bytes, size_t pixel_bytes);

/// Like `fixative_unfilter_rows`, but for one row.
void fixative_unfilter_row(
    const uint8_t *_Nonnull filtered, uint8_t filter, const uint8_t *_Nonnull above, uint8_t *_Nonnull row, size_t row_bytes,
    size_t pixel_bytes);

#endif
