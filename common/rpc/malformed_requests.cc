#include "common/rpc/malformed_requests.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"

namespace crier::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerInterceptorFactoryInterface;
using grpc::experimental::ServerRpcInfo;

// The full name of the field that the last parse on this thread found not to be UTF-8. gRPC parses
// a request and runs the interceptors for it on one thread, one directly after the other.
std::string& LastFieldNotUtf8() {
  static thread_local std::string field;
  return field;
}

// `String field 'crier.entity.v1.Contact.full_name' contains invalid UTF-8 data when parsing …`
void NoteFieldNotUtf8(absl::string_view message) {
  if (!absl::StrContains(message, "contains invalid UTF-8 data when parsing")) return;
  const size_t begin = message.find('\'');
  const size_t end = message.find('\'', begin + 1);
  if (begin == absl::string_view::npos || end == absl::string_view::npos) return;
  LastFieldNotUtf8() = std::string(message.substr(begin + 1, end - begin - 1));
}

void HandleProtobufLog(google::protobuf::LogLevel level, const char*, int,
                       const std::string& message) {
  NoteFieldNotUtf8(message);
  // A caller can provoke these lines at will, so they are for whoever looks for them. A fatal one
  // is followed by the end of the process.
  log::Write(level == google::protobuf::LOGLEVEL_FATAL ? log::Level::kError : log::Level::kDebug,
             "protobuf", {{"detail", message}});
}

absl::Status MalformedError(const std::string& field_not_utf8) {
  if (!field_not_utf8.empty()) return InvalidField(field_not_utf8, "must be valid UTF-8");
  return NamedError(absl::StatusCode::kInvalidArgument, "MALFORMED_REQUEST",
                    "the request is not a valid message of the method's request type");
}

class MalformedRequests : public Interceptor {
 public:
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      field_not_utf8_ = std::exchange(LastFieldNotUtf8(), "");
      malformed_ = methods->GetRecvMessage() == nullptr;
    }
    if (malformed_ &&
        methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      methods->ModifySendStatus(ToGrpc(MalformedError(field_not_utf8_)));
    }
    methods->Proceed();
  }

 private:
  bool malformed_ = false;
  std::string field_not_utf8_;
};

class Factory : public ServerInterceptorFactoryInterface {
 public:
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    // In a stream of requests a missing message means its end as well.
    if (info->type() == ServerRpcInfo::Type::CLIENT_STREAMING ||
        info->type() == ServerRpcInfo::Type::BIDI_STREAMING) {
      return nullptr;
    }
    return new MalformedRequests;
  }
};

}  // namespace

std::unique_ptr<ServerInterceptorFactoryInterface> MalformedRequestsInterceptor() {
  // Once: protobuf sets the handler without a lock.
  static const bool installed = [] {
    google::protobuf::SetLogHandler(&HandleProtobufLog);
    return true;
  }();
  static_cast<void>(installed);
  return std::make_unique<Factory>();
}

absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  LastFieldNotUtf8().clear();
  grpc::ByteBuffer copy = bytes;  // of references to the slices, for the reader to take apart
  grpc::ProtoBufferReader reader(&copy);
  if (reader.status().ok() && request.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  return MalformedError(std::exchange(LastFieldNotUtf8(), ""));
}

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

}  // namespace crier::rpc
