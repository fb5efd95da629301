#pragma once

namespace holdfast {

/// Bugs that the negative tests build into the product on purpose, one at a time (cmake
/// -DHOLDFAST_BUG=lose_event), to show that the audit or the crash lane names exactly that one. A
/// release has `none`, and the branches vanish.
enum class PlantedBug {
  none,
  lose_event,
  double_event,
  half_apply_batch,
  acknowledge_before_sync,
  lose_in_shipping,
  double_in_shipping,
  skip_epoch_check,   // of transactional producers: a zombie goes on
  skip_member_check,  // of groups: one that is a member no more still commits
  skip_in_repair,
  compact_undecided,  // above the last stable offset
};

#ifndef HOLDFAST_PLANTED_BUG
#define HOLDFAST_PLANTED_BUG none
#endif
inline constexpr PlantedBug planted_bug = PlantedBug::HOLDFAST_PLANTED_BUG;

}  // namespace holdfast
