#include "mutators.h"

#include <stddef.h>
#include <stdint.h>

int32_t fixative_fuzz_archive(const uint8_t *bytes, ptrdiff_t count, int32_t format);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fixative_fuzz_archive(data, (ptrdiff_t)size, 2);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    return mutate_webp(data, size, max_size, seed);
}
