// Where a message is made that is gone again when its function returns.
#ifndef CRIER_COMMON_API_SCRATCH_ARENA_H_
#define CRIER_COMMON_API_SCRATCH_ARENA_H_

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>

namespace crier::api {

// An arena whose first 8 KiB, enough for most messages, are on the stack. Not thread-safe.
class ScratchArena {
 public:
  ScratchArena() : arena_(room_.data(), room_.size()) {}

  // Lives as long as this.
  template <typename Message>
  Message& Make() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

 private:
  alignas(std::max_align_t) std::array<char, 8 * 1024> room_;
  google::protobuf::Arena arena_;
};

}  // namespace crier::api

#endif  // CRIER_COMMON_API_SCRATCH_ARENA_H_
