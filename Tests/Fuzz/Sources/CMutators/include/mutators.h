#ifndef FIXATIVE_MUTATORS_H
#define FIXATIVE_MUTATORS_H

#include <stddef.h>
#include <stdint.h>

// Both change `data`, which holds `size` bytes and has room for `max_size`, and return the new size; the contract of libFuzzer's
// LLVMFuzzerCustomMutator. The same seed gives the same change.

/// Changes bytes, chunks, filtered rows inside the compressed stream, or that stream, and then puts CRCs, lengths and mostly the
/// Adler sum right again. One in sixteen is left as it is, because a decoder must also refuse.
size_t mutate_png(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/// Changes bytes and then makes the RIFF sizes fit.
size_t mutate_webp(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/// libFuzzer's own mutation.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
