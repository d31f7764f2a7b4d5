// Requests on arenas: many small parts are made, and destroyed, in a few large pieces of memory.
#ifndef CRIER_COMMON_RPC_ARENA_H_
#define CRIER_COMMON_RPC_ARENA_H_

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <memory>

namespace crier::rpc {

// A message on an arena, which lives as long as the message or a part of it does: parts are shared
// by pointers with the same owner.
template <typename Message>
std::shared_ptr<Message> NewOnArena() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 4 * 1024;
  options.max_block_size = 64 * 1024;
  const auto arena = std::make_shared<google::protobuf::Arena>(options);
  return {arena, google::protobuf::Arena::CreateMessage<Message>(arena.get())};
}

// For unary methods whose requests are large. Thread-safe. To be given to the service, and to
// outlive the server:
//
//   SetMessageAllocatorFor_EnqueueDeliveries(&allocator_);
//
// A handler that has read its request may let go of it before the call is finished, by
// `context->GetRpcAllocatorState()->FreeRequest()`.
template <typename Request, typename Response>
class RequestArenas : public grpc::MessageAllocator<Request, Response> {
 public:
  grpc::MessageHolder<Request, Response>* AllocateMessages() override { return new Messages; }

 private:
  // Owns itself, until gRPC releases it.
  class Messages : public grpc::MessageHolder<Request, Response> {
   public:
    Messages() {
      this->set_request(request_.get());
      this->set_response(&response_);
    }

   private:
    void Release() override { delete this; }
    void FreeRequest() override {
      this->set_request(nullptr);
      request_.reset();
    }

    std::shared_ptr<Request> request_ = NewOnArena<Request>();
    Response response_;
  };
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_ARENA_H_
