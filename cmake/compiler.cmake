# How every target is compiled. Warnings are errors: the compilers are pinned by Debian 12.
add_library(holdfast_options INTERFACE)
target_compile_options(holdfast_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Werror
  -msse4.2 -mpclmul -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own headers at -O2.
  target_compile_options(holdfast_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict
    -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
else()
  # libstdc++ 12 uses what C++17 deprecated, inside its own algorithms.
  target_compile_options(holdfast_options INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()
target_include_directories(holdfast_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(holdfast_options INTERFACE
  HOLDFAST_VERSION="${PROJECT_VERSION}" HOLDFAST_PLANTED_BUG=${HOLDFAST_BUG})

if(HOLDFAST_SANITIZE)
  target_compile_options(holdfast_options INTERFACE -fsanitize=${HOLDFAST_SANITIZE} -fno-sanitize-recover=all -g1)
  target_link_options(holdfast_options INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
