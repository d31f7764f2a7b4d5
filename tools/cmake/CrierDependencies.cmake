# Third-party packages, all from Debian 12. ARCHITECTURE.md says why each is here.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: Debian ships no CMake config for it
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RapidJSON CONFIG REQUIRED)
if(NOT TARGET rapidjson)  # headers only; Debian's configuration defines no target
  add_library(rapidjson INTERFACE IMPORTED GLOBAL)
  target_include_directories(rapidjson INTERFACE ${RAPIDJSON_INCLUDE_DIRS})
endif()
find_package(CLI11 CONFIG REQUIRED)
find_package(benchmark CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)

find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# Tracing. Debian 12 has it in backports only, so a build without it is a build as well.
find_package(opentelemetry-cpp CONFIG QUIET)
if(CRIER_OTLP AND NOT opentelemetry-cpp_FOUND)
  message(FATAL_ERROR "CRIER_OTLP needs opentelemetry-cpp-dev of bookworm-backports; tools/install brings it")
endif()
option(CRIER_OTLP "Export traces over OTLP; on where opentelemetry-cpp is installed" ${opentelemetry-cpp_FOUND})
