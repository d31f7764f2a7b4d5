# What nearly every file includes of Debian's headers, compiled once: a first build took 17.5 minutes of
# CPU instead of 25.7. Never headers of our own: a change of one would compile everything anew.

# crier_precompiled_headers(<target> <header>...)
# Makes what _crier_precompile() lets other targets use.
#
# The compiler's cache cannot look into a precompiled header, whose bytes depend on where the checkout
# lies. What it takes instead (CCACHE_PCH_EXTSUM) is the sum beside it, of the text that was compiled.
function(crier_precompiled_headers target)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// The headers are the content.\n")
  add_library(${target} OBJECT "${source}")
  target_precompile_headers(${target} PRIVATE ${ARGN})
  set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir")
  set(sum "${folder}/cmake_pch.hxx.pch.sum")
  add_custom_command(
    OUTPUT "${sum}"
    COMMAND sh -c "\"$0\" -w -std=c++20 -pthread -E -P -x c++-header \"$1\" | sha256sum >\"$2\""
      ${CMAKE_CXX_COMPILER} "${folder}/cmake_pch.hxx" "${sum}"
    DEPENDS "${folder}/cmake_pch.hxx.pch"
    COMMENT "Summing up ${target}"
    VERBATIM)
  add_custom_target(${target}_sum DEPENDS "${sum}")
endfunction()

# Lets a target use them. Those of C++17 cannot; and clang-tidy compiles without, so that what a file
# forgets to include is found.
function(_crier_precompile target precompiled)
  if(NOT CRIER_CLANG_TIDY)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
    add_dependencies(${target} ${precompiled}_sum)
  endif()
endfunction()

# The text of these counts, not when it was read; and not where it lies, which CMake would say beside it.
add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
add_compile_options(-pthread)  # gRPC's and GoogleTest's users have it, and all must agree

set(CRIER_PRECOMPILED
  <algorithm> <atomic> <cstdint> <fstream> <functional> <map> <memory> <optional> <random> <set> <string>
  <thread> <utility> <vector>
  <absl/container/flat_hash_map.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <absl/strings/str_format.h> <absl/strings/str_split.h> <absl/synchronization/notification.h>
  <absl/time/clock.h> <google/protobuf/map_field_inl.h> <google/protobuf/timestamp.pb.h>)
crier_precompiled_headers(crier_precompiled ${CRIER_PRECOMPILED})
crier_precompiled_headers(crier_precompiled_tests ${CRIER_PRECOMPILED} <gmock/gmock.h> <gtest/gtest.h>)
target_compile_definitions(crier_precompiled_tests PRIVATE GTEST_HAS_PTHREAD=1)
target_compile_options(crier_precompiled_tests PRIVATE -fPIE)  # as what it is for, executables
