# Language level, warnings and sanitizers for every target of the project.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Clang everywhere: its thread-safety analysis checks every lock annotation in every build.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "Crier is built with clang++ (use a preset: cmake --preset dev)")
endif()

add_link_options(-fuse-ld=lld)

# Applied to our own targets by crier_library() and its siblings, never to generated code.
set(CRIER_WARNINGS
  -Wall -Wextra -Werror
  -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wthread-safety
  -Wno-unused-parameter)  # an override seldom needs every parameter

if(CRIER_SANITIZER)
  add_compile_options(-fsanitize=${CRIER_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CRIER_SANITIZER})
  if(CRIER_SANITIZER MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all -fno-sanitize=vptr
      -fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/tools/cmake/ubsan_ignorelist.txt)
    add_link_options(-fno-sanitize-recover=all -fno-sanitize=vptr)
  endif()
endif()

# Every library tells libFuzzer what of it was reached; the fuzzers themselves link it.
if(CRIER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
