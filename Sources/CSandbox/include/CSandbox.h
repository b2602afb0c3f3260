#ifndef FIXATIVE_CSANDBOX_H
#define FIXATIVE_CSANDBOX_H

#include "fixative_channel.h"
#include "fixative_sandbox.h"
#include "fixative_worker.h"

#endif
