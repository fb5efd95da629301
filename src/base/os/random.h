#pragma once

#include "base/bytes.h"

namespace holdfast::os {

/// Fills `to` with random bytes that nobody can foretell (getrandom(2)). Any thread.
void random_bytes(MutableBytes to);

}  // namespace holdfast::os
