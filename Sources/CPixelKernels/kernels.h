#ifndef FIXATIVE_KERNELS_PRIVATE_H
#define FIXATIVE_KERNELS_PRIVATE_H

#include <stdbool.h>

/// Whether the processor supports AVX2 and no test has disabled it.
bool fixative_kernel_has_avx2(void);

#endif
