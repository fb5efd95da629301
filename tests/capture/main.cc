// The tests here start themselves again, as the processes that they kill.
#include <gtest/gtest.h>

#include "children.h"

int main(int argc, char** argv) {
  if (const int status = holdfast::pipeline::run_as_child(argc, argv); status >= 0) return status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
