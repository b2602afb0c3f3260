#include <stdio.h>
#include <stdlib.h>

#include "mutators.h"
#include "png_differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    png_differential_counts counts = {0};
    png_differential_compare(data, size, 0, &counts);
    if (!counts.different) return 0;
    fputs("the fast path and libpng differ\n", stderr);
    abort();
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    return mutate_png(data, size, max_size, seed);
}
