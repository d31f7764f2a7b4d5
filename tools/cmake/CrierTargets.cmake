# The kinds of target. Every source is named; every dependency is stated once, as PUBLIC when
# a public header includes it and PRIVATE otherwise.

function(_crier_configure target)
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE ${CRIER_WARNINGS})
  if(CRIER_CLANG_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy;--quiet")
  endif()
endfunction()

# Beside _crier_configure, what only an executable needs.
function(_crier_configure_executable target)
  _crier_configure(${target})
  if(CRIER_SANITIZER STREQUAL "thread")
    target_sources(${target} PRIVATE "${CMAKE_SOURCE_DIR}/tests/support/tsan_absl_mutex.cc")
    target_link_libraries(${target} PRIVATE absl::synchronization ${CMAKE_DL_LIBS})
  endif()
endfunction()

# crier_library(<target> [OBJECT] SOURCES <file>... [PUBLIC <dep>...] [PRIVATE <dep>...]
#               [CXX_STANDARD 17])
# Headers belong in SOURCES too. A library of headers alone becomes an INTERFACE target. OBJECT is for
# suites of tests: they register themselves, so the linker must not leave out what nobody refers to.
function(crier_library target)
  cmake_parse_arguments(ARG "OBJECT" "CXX_STANDARD" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(compiled ${ARG_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cc$")
  if(compiled)
    set(kind STATIC)
    if(ARG_OBJECT)
      set(kind OBJECT)
    endif()
    add_library(${target} ${kind} ${ARG_SOURCES})
    _crier_configure(${target})
    target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    if(ARG_CXX_STANDARD)
      set_target_properties(${target} PROPERTIES CXX_STANDARD ${ARG_CXX_STANDARD})
    else()
      _crier_precompile(${target} crier_precompiled)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} INTERFACE ${ARG_PUBLIC})
  endif()
endfunction()

# crier_binary(<target> SOURCES <file>... DEPS <dep>...)
function(crier_binary target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  _crier_configure_executable(${target})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()

# crier_test(<target> SOURCES <file>... DEPS <dep>... [LABELS <label>...])
# LABELS: `postgres` for a test that needs the Postgres that tools/test starts, `e2e` for one that
# runs the real binaries. Unlabelled tests need nothing but the executable.
function(crier_test target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  _crier_configure_executable(${target})
  _crier_precompile(${target} crier_precompiled_tests)
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} crier_tests_main)
  if(CRIER_CLANG_TIDY)  # a test may be slow where it is shorter for it
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy;--quiet;--checks=-performance-*")
  endif()
  target_compile_definitions(${target} PRIVATE CRIER_TESTDATA="${CMAKE_SOURCE_DIR}/tests/testdata")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES TIMEOUT 180 LABELS "${ARG_LABELS}")
endfunction()

# crier_fuzzer(<name> SOURCES <file>... DEPS <dep>...)
# Sources with LLVMFuzzerTestOneInput() (tests/support/fuzzing.h). The preset `fuzz` makes a fuzzer of
# them, every other one a test of the inputs in tests/fuzz/<name> and of mutations of these.
add_custom_target(crier_fuzzers)
function(crier_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus "${CMAKE_SOURCE_DIR}/tests/fuzz/${name}")
  if(CRIER_FUZZ)
    set(target crier_fuzz_${name})
    add_executable(${target} ${ARG_SOURCES})
    _crier_configure_executable(${target})
    target_link_libraries(${target} PRIVATE ${ARG_DEPS} absl::strings)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${target} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
    add_dependencies(crier_fuzzers ${target})
  else()
    set(target crier_fuzz_${name}_test)
    crier_test(${target}
      SOURCES ${ARG_SOURCES} "${CMAKE_SOURCE_DIR}/tests/support/fuzz_corpus_test.cc"
      DEPS ${ARG_DEPS} absl::strings)
    target_compile_definitions(${target} PRIVATE CRIER_FUZZ_CORPUS="${corpus}")
  endif()
endfunction()

# crier_migrations(<target> NAMESPACE <ns> FILES <NNNN_name.sql>...)
# A library with `const std::vector<crier::pg::Migration>& <ns>::Migrations()`, declared in the
# generated header `<target>.h`: the files, in the order given, as versions 1, 2, … A file that takes
# away what older programs need begins with `-- oldest-program: N`; see crier::pg::Migration.
function(crier_migrations target)
  cmake_parse_arguments(ARG "" "NAMESPACE" "FILES" ${ARGN})
  set(entries "")
  set(version 0)
  foreach(file ${ARG_FILES})
    math(EXPR version "${version} + 1")
    get_filename_component(name "${file}" NAME_WE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" sql)
    set(oldest_program 0)
    if(sql MATCHES "^-- oldest-program: ([0-9]+)\n")
      set(oldest_program ${CMAKE_MATCH_1})
    endif()
    string(APPEND entries
      "      {${version}, \"${name}\", R\"crier_sql(${sql})crier_sql\", ${oldest_program}},\n")
  endforeach()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/generated")
  file(CONFIGURE OUTPUT "${out}/${target}.h" CONTENT
"#pragma once
#include <vector>
#include \"common/pg/migrations.h\"
namespace @ARG_NAMESPACE@ {
const std::vector<crier::pg::Migration>& Migrations();
}
" @ONLY)
  file(CONFIGURE OUTPUT "${out}/${target}.cc" CONTENT
"#include \"@target@.h\"
namespace @ARG_NAMESPACE@ {
const std::vector<crier::pg::Migration>& Migrations() {
  static const std::vector<crier::pg::Migration>* const migrations = new std::vector<crier::pg::Migration>{
@entries@  };
  return *migrations;
}
}
" @ONLY)
  add_library(${target} STATIC "${out}/${target}.cc")
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}" "${out}")
  target_link_libraries(${target} PUBLIC crier_common_pg)
endfunction()
