#include <stddef.h>
#include <stdint.h>

int32_t fixative_fuzz_link(const uint8_t *bytes, ptrdiff_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fixative_fuzz_link(data, (ptrdiff_t)size);
}
