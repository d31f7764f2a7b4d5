#include "common/rpc/arena.h"

#include <atomic>
#include <memory>
#include <string>

#include "common/rpc/rpc_test.h"
#include "common/status/errors.h"
#include "crier/ingest/v1/ingest_service.pb.h"

namespace crier::rpc {
namespace {

using ingest::v1::BatchIngestItem;
using ingest::v1::BatchIngestRequest;

TEST(NewOnArenaTest, APartKeepsTheWholeAlive) {
  auto request = NewOnArena<BatchIngestRequest>();
  request->add_items()->mutable_contact()->set_request_id(std::string(1000, 'x'));
  const std::shared_ptr<const BatchIngestItem> part(request, &request->items(0));

  request.reset();

  EXPECT_EQ(part->contact().request_id(), std::string(1000, 'x'));
}

class RequestArenasTest : public RpcTest {
 protected:
  RequestArenasTest() {
    events_ =
        std::make_unique<FakeEvents>([this](grpc::CallbackServerContext* context,
                                            const GetLogHeadRequest* request, LogHead* response) {
          return StartUnary(context, [&](const CallContext&, FinishCall finish) {
            on_arena_ = request->GetArena() != nullptr;
            response->set_position(static_cast<int64_t>(request->community().size()));
            context->GetRpcAllocatorState()->FreeRequest();
            finish(absl::OkStatus());
          });
        });
    events_->SetMessageAllocatorFor_GetLogHead(&arenas_);
    server_ = StartOrDie({events_.get()});
  }
  ~RequestArenasTest() override { server_.reset(); }

  RequestArenas<GetLogHeadRequest, LogHead> arenas_;
  std::atomic<bool> on_arena_ = false;
};

TEST_F(RequestArenasTest, ACallIsAnsweredAfterItsRequestIsGone) {
  LogHead head;

  ASSERT_EQ(GetLogHead(head), absl::OkStatus());

  EXPECT_EQ(head.position(), 13);
  EXPECT_TRUE(on_arena_);
}

TEST_F(RequestArenasTest, TellsWhatIsWrongWithARequestThatCannotBeParsed) {
  const auto answer = RawCall(Connect(AddressOf(*server_)),
                              "/crier.ingest.v1.EventService/GetLogHead", "\x0a\x02\xff\xff");

  EXPECT_EQ(answer.status(),
            InvalidField("crier.ingest.v1.GetLogHeadRequest.community", "must be valid UTF-8"));
  EXPECT_EQ(GetLogHead(), absl::OkStatus());
}

}  // namespace
}  // namespace crier::rpc
