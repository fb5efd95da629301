# Sets RESULT to the files of MODULE that read differently with BUG: those that name it, and those that ask whether there
# is any (`PlantedBug::none`).
function(holdfast_files_with_bug result module bug)
  get_target_property(sources ${module} SOURCES)
  get_target_property(folder ${module} SOURCE_DIR)
  set(found)
  foreach(source ${sources})
    get_filename_component(path ${source} ABSOLUTE BASE_DIR ${folder})
    file(STRINGS ${path} names_any REGEX "PlantedBug::" LIMIT_COUNT 1)
    if(names_any)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    endif()
    file(STRINGS ${path} names_it REGEX "PlantedBug::(${bug}|none)([^a-z_]|$)" LIMIT_COUNT 1)
    if(names_it)
      list(APPEND found ${path})
    endif()
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# holdfast_planted_program(BUG): adds the program holdfast_BUG, the product with one bug planted on purpose.
#
# Only the files that name the bug are compiled again; their objects stand before the libraries on the link line, so
# the linker takes them and leaves the libraries' own members alone. See docs/decisions/0005. Works from any folder that is
# added after all modules.
function(holdfast_planted_program bug)
  set(program holdfast_${bug})
  get_property(modules GLOBAL PROPERTY HOLDFAST_MODULES)
  foreach(module ${modules})
    get_target_property(type ${module} TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY")
      continue()
    endif()
    holdfast_files_with_bug(planted ${module} ${bug})
    if(planted)
      add_library(${program}_${module} OBJECT ${planted})
      # As the module is compiled, its third-party libraries included, but for the bug.
      target_include_directories(${program}_${module} PRIVATE $<TARGET_PROPERTY:${module},INCLUDE_DIRECTORIES>)
      target_compile_definitions(${program}_${module} PRIVATE $<TARGET_PROPERTY:${module},COMPILE_DEFINITIONS>)
      target_compile_options(${program}_${module} PRIVATE $<TARGET_PROPERTY:${module},COMPILE_OPTIONS>
        -UHOLDFAST_PLANTED_BUG -DHOLDFAST_PLANTED_BUG=${bug})
      list(APPEND objects $<TARGET_OBJECTS:${program}_${module}>)
      list(APPEND with_bug ${module})  # what its objects need, also while the product does not use it yet
    endif()
  endforeach()
  get_target_property(libraries holdfast LINK_LIBRARIES)
  add_executable(${program} $<TARGET_OBJECTS:holdfast> ${objects})
  target_link_libraries(${program} PRIVATE ${libraries} ${with_bug})
endfunction()
