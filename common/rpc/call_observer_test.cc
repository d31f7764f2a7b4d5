// What servers and channels count of calls, and how traces follow them.
#include <grpcpp/impl/server_builder_plugin.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/rpc/rpc_test.h"
#include "common/trace/span.h"
#include "gmock/gmock.h"

namespace crier::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class CollectingSink : public trace::SpanSink {
 public:
  void Take(trace::FinishedSpan span) override {
    absl::MutexLock lock(&mutex_);
    spans_.push_back(std::move(span));
  }
  std::vector<trace::FinishedSpan> spans() const {
    absl::MutexLock lock(&mutex_);
    return spans_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<trace::FinishedSpan> spans_ ABSL_GUARDED_BY(mutex_);
};

// What to do as soon as the next server listens; its start goes on after that.
std::function<void()>& OnceListening() {
  static auto* const work = new std::function<void()>;
  return *work;
}

class ListeningPlugin : public grpc::ServerBuilderPlugin {
 public:
  static std::unique_ptr<grpc::ServerBuilderPlugin> Make() {
    return std::make_unique<ListeningPlugin>();
  }

  std::string name() override { return "listening"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer*) override {
    if (const auto work = std::exchange(OnceListening(), nullptr)) work();
  }
  void ChangeArguments(const std::string&, void*) override {}
};

class CallObserverTest : public RpcTest {
 protected:
  CallObserverTest() {
    auto sink = std::make_unique<CollectingSink>();
    sink_ = sink.get();
    trace::SetSink(std::move(sink), 0);
    ServeAt("127.0.0.1:0");
    Observe(AddressOf(*server_));
  }
  ~CallObserverTest() override {
    server_.reset();  // before the registry
    trace::SetSink(nullptr, 0);
  }

  void ServeAt(const std::string& address) {
    ServerOptions options = LocalOptions();
    options.listen_address = address;
    options.metrics = &registry_;
    Serve(
        [this](const CallContext& call, const GetLogHeadRequest&, LogHead&) {
          seen_ = call.trace;
          current_ = trace::Current();
          return answer_;
        },
        std::move(options));
  }

  void Observe(const std::string& address) {
    channel_ = Connect(address, {&registry_, {EventService::service_full_name()}});
  }

  // Over the channel that is observed.
  absl::Status GetLogHead() {
    const auto stub = EventService::NewStub(channel_);
    LogHead head;
    return Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                absl::Now() + kPatience);
  }

  // The value of a series with these labels, as the text format has it; `absent` without one. The
  // server's interceptor may be a moment later than the caller's answer.
  std::string Value(const std::string& name, const std::string& labels) const {
    const std::string text =
        prometheus::TextSerializer().Serialize(registry_.registry()->Collect());
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits("} ", 1));
      if (words[0] == absl::StrCat(name, "{", labels)) return words[1];
    }
    return "absent";
  }

  void ExpectEventually(const std::string& name, const std::string& labels,
                        const std::string& value) const {
    const absl::Time limit = absl::Now() + kPatience;
    while (Value(name, labels) != value) {
      ASSERT_LT(absl::Now(), limit) << name << " " << labels << ": " << Value(name, labels);
    }
  }

  metrics::Registry registry_;
  CollectingSink* sink_ = nullptr;
  absl::Status answer_;            // to every call
  trace::Context seen_, current_;  // of the last call
  std::shared_ptr<grpc::Channel> channel_;
};

constexpr char kUnary[] =
    R"(grpc_method="GetLogHead",grpc_service="crier.ingest.v1.EventService",grpc_type="unary")";
constexpr char kStream[] =
    R"(grpc_method="Subscribe",grpc_service="crier.ingest.v1.EventService",grpc_type="server_stream")";

std::string WithCode(const std::string& code, const std::string& labels = kUnary) {
  return absl::StrCat("grpc_code=\"", code, "\",", labels);
}

TEST_F(CallObserverTest, EveryMethodIsThereAtZero) {
  for (const std::string side : {"grpc_server_", "grpc_client_"}) {
    for (const std::string labels : {kUnary, kStream}) {
      EXPECT_EQ(Value(side + "started_total", labels), "0");
      EXPECT_EQ(Value(side + "handled_total", WithCode("OK", labels)), "0");
      EXPECT_EQ(Value(side + "handled_total", WithCode("Unauthenticated", labels)), "0");
      EXPECT_EQ(Value(side + "msg_received_total", labels), "0");
      EXPECT_EQ(Value(side + "msg_sent_total", labels), "0");
      EXPECT_EQ(Value(side + "handling_seconds_count", labels), "0");
    }
  }
}

TEST_F(CallObserverTest, CountsBothSidesOfACall) {
  ASSERT_EQ(GetLogHead(), absl::OkStatus());
  answer_ = absl::NotFoundError("nothing");
  ASSERT_EQ(GetLogHead().code(), absl::StatusCode::kNotFound);

  for (const std::string side : {"grpc_server_", "grpc_client_"}) {
    ExpectEventually(side + "handling_seconds_count", kUnary, "2");
    EXPECT_EQ(Value(side + "started_total", kUnary), "2");
    EXPECT_EQ(Value(side + "handled_total", WithCode("OK")), "1");
    EXPECT_EQ(Value(side + "handled_total", WithCode("NotFound")), "1");
  }
  EXPECT_EQ(Value("grpc_server_msg_received_total", kUnary), "2");
  EXPECT_EQ(Value("grpc_server_msg_sent_total", kUnary), "1");
  EXPECT_EQ(Value("grpc_client_msg_sent_total", kUnary), "2");
  EXPECT_EQ(Value("grpc_client_msg_received_total", kUnary), "1");
}

TEST_F(CallObserverTest, CountsCallsInsideOfTheProcess) {
  channel_ = server_->InProcessChannel({EventService::service_full_name()});

  ASSERT_EQ(GetLogHead(), absl::OkStatus());

  ExpectEventually("grpc_server_handled_total", WithCode("OK"), "1");
  ExpectEventually("grpc_client_handled_total", WithCode("OK"), "1");
}

TEST_F(CallObserverTest, CountsWhatTheCallerSeesOfACallThatCannotBeParsed) {
  const auto stub = EventService::NewStub(channel_);
  GetLogHeadRequest request;
  request.set_community("\xff\xfe");  // not UTF-8
  LogHead head;

  const absl::Status status =
      Call(*stub, &EventService::Stub::GetLogHead, request, head, absl::Now() + kPatience);

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  ExpectEventually("grpc_server_handled_total", WithCode("InvalidArgument"), "1");
}

TEST_F(CallObserverTest, MethodsThatNobodyServesMakeNoSeries) {
  const auto response = RawCall(channel_, "/crier.ingest.v1.EventService/Invented", "");

  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry_.registry()->Collect()),
              Not(HasSubstr("Invented")));
}

TEST_F(CallObserverTest, ACallIsPartOfItsCallersTrace) {
  const trace::Context caller = *trace::ParseTraceparent(kTraceparent);
  {
    const trace::Scope scope(caller);
    ASSERT_EQ(GetLogHead(), absl::OkStatus());
  }
  server_->Drain();

  const std::vector<trace::FinishedSpan> spans = sink_->spans();
  ASSERT_THAT(spans, SizeIs(2));
  const bool server_first = spans[0].kind == trace::SpanKind::kServer;
  const trace::FinishedSpan& server = spans[server_first ? 0 : 1];
  const trace::FinishedSpan& client = spans[server_first ? 1 : 0];
  EXPECT_EQ(client.name, "crier.ingest.v1.EventService/GetLogHead");
  EXPECT_EQ(client.context.trace_id, caller.trace_id);
  EXPECT_EQ(client.parent_span_id, caller.span_id);
  EXPECT_EQ(server.name, client.name);
  EXPECT_EQ(server.parent_span_id, client.context.span_id);
  EXPECT_EQ(seen_, server.context);
  EXPECT_EQ(current_, server.context);
}

TEST_F(CallObserverTest, ReflectionIsCountedToo) {
  EXPECT_EQ(Value("grpc_server_started_total",
                  "grpc_method=\"ServerReflectionInfo\",grpc_service=\"grpc.reflection.v1alpha."
                  "ServerReflection\",grpc_type=\"bidi_stream\""),
            "0");
}

TEST_F(CallObserverTest, CallsThatComeWhileTheServerStartsAreCounted) {
  const std::string address = absl::StrCat("unix:", testing::TempDir(), "crier_rpc_", getpid());
  server_.reset();
  grpc::ServerBuilder::InternalAddPluginFactory(&ListeningPlugin::Make);
  OnceListening() = [&] {
    Observe(address);
    EXPECT_EQ(GetLogHead(), absl::OkStatus());
  };

  ServeAt(address);

  ExpectEventually("grpc_server_handled_total", WithCode("OK"), "1");
}

TEST_F(CallObserverTest, ACallWithoutATraceBeginsOneThatIsNotRecorded) {
  ASSERT_EQ(GetLogHead(), absl::OkStatus());

  EXPECT_TRUE(seen_.valid());
  EXPECT_FALSE(seen_.sampled);
  EXPECT_THAT(sink_->spans(), SizeIs(0));
}

TEST_F(CallObserverTest, FailedCallsAreFailedSpans) {
  answer_ = absl::NotFoundError("of ann@example.com");
  {
    const trace::Scope scope(*trace::ParseTraceparent(kTraceparent));
    ASSERT_FALSE(GetLogHead().ok());
  }
  server_->Drain();

  for (const trace::FinishedSpan& span : sink_->spans()) {
    EXPECT_TRUE(span.failed);
    EXPECT_EQ(span.description, "NOT_FOUND");
  }
}

}  // namespace
}  // namespace crier::rpc
