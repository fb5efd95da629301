#pragma once

#include "base/bytes.h"

namespace holdfast::os {

/// These bytes of a mapped file (os::Mapping) will be wanted soon: the kernel begins to read from
/// the disk what is not in memory, and the caller goes on meanwhile. Only a hint: nothing tells
/// whether it was heeded, and bytes that are not of a mapped file are left alone.
void read_ahead(ByteView mapped);

/// Of this mapping only what is touched is wanted, and what was named above: the kernel does not
/// read whatever lies around it as well.
void expect_no_order(ByteView mapped);

}  // namespace holdfast::os
