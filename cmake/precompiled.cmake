# Where no ccache is (a machine that builds once), the headers of the standard library are parsed once for all modules instead of
# some 300 times: a quarter of a build from nothing. With ccache it is off: g++'s file differs from run to run, so nothing would
# be found again. The files still name what they include; a build with ccache proves it.
# The first configuration decides: a ccache that comes later must not build everything anew.
find_program(CCACHE ccache)
if(CCACHE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(precompile OFF)
else()
  set(precompile ON)
endif()
option(HOLDFAST_PRECOMPILED "parse the standard library's headers once for all modules" ${precompile})

if(NOT HOLDFAST_PRECOMPILED)
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  endif()
  return()
endif()

find_package(fmt REQUIRED)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cc CONTENT "")
add_library(precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
target_link_libraries(precompiled PRIVATE holdfast_options fmt::fmt)
target_precompile_headers(precompiled PRIVATE <algorithm> <array> <atomic> <cstdint> <cstring> <deque> <expected> <functional> <map>
  <memory> <optional> <set> <span> <string> <string_view> <system_error> <unordered_map> <utility> <variant> <vector> <fmt/core.h>)
