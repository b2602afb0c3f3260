#ifndef FIXATIVE_KERNELS_PRIVATE_H
#define FIXATIVE_KERNELS_PRIVATE_H

#include <stdbool.h>

/// The processor has AVX2, and no test has turned it off.
bool fixative_kernel_has_avx2(void);

#endif
