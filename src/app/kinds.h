#pragma once

#include "control/kinds.h"

namespace holdfast::app {

/// Every kind of source and store that this program knows. A new kind is a line here and a section
/// in settings.
control::Kinds make_kinds();

}  // namespace holdfast::app
