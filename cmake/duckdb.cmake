# DuckDB::duckdb, from the cache folder that tools/duckdb/fetch fills. The library is linked into the build folder and found
# from there by $ORIGIN, so that a program runs in place and can be moved together with libduckdb.so.
set(HOLDFAST_DUCKDB_VERSION 1.4.4)
if(DEFINED ENV{HOLDFAST_CACHE})
  set(duckdb_cache $ENV{HOLDFAST_CACHE})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(duckdb_cache $ENV{XDG_CACHE_HOME}/holdfast)
else()
  set(duckdb_cache $ENV{HOME}/.cache/holdfast)
endif()
set(HOLDFAST_DUCKDB ${duckdb_cache}/duckdb-${HOLDFAST_DUCKDB_VERSION} CACHE PATH "folder with lib/libduckdb.so and include/duckdb.h")

if(NOT EXISTS ${HOLDFAST_DUCKDB}/lib/libduckdb.so OR NOT EXISTS ${HOLDFAST_DUCKDB}/include/duckdb.h)
  message(FATAL_ERROR "DuckDB ${HOLDFAST_DUCKDB_VERSION} is not in ${HOLDFAST_DUCKDB}: run `make setup` (or tools/duckdb/fetch alone)")
endif()

file(CREATE_LINK ${HOLDFAST_DUCKDB}/lib/libduckdb.so ${CMAKE_BINARY_DIR}/libduckdb.so SYMBOLIC)
# For every program made from here on, also in the folders that come later.
set(CMAKE_BUILD_RPATH "$ORIGIN")
set(CMAKE_BUILD_RPATH "$ORIGIN" PARENT_SCOPE)
if(NOT TARGET DuckDB::duckdb)
  add_library(DuckDB::duckdb SHARED IMPORTED GLOBAL)
  set_target_properties(DuckDB::duckdb PROPERTIES
    IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/libduckdb.so
    IMPORTED_SONAME libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES ${HOLDFAST_DUCKDB}/include)
endif()
