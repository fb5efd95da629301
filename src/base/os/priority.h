#pragma once

namespace holdfast::os {

/// For threads whose work can wait: from now on the calling one gets little of a CPU that others
/// want too (nice +10).
void let_others_go_first();

}  // namespace holdfast::os
