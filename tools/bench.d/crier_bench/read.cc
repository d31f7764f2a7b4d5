#include "tools/bench.d/crier_bench/read.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/status.h"
#include "common/status/macros.h"
#include "crier/ingest/v1/entity_service.grpc.pb.h"

namespace crier::bench {

absl::Status Read(const ReadOptions& options) {
  const auto stub = ingest::v1::EntityService::NewStub(rpc::Connect(options.target));
  ingest::v1::StreamContactsRequest request;
  request.set_parent(absl::StrCat("communities/", options.community));
  request.set_filter(options.filter);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  const absl::Time start = absl::Now();
  const auto reader = stub->StreamContacts(&context, request);
  ingest::v1::StreamContactsResponse frame;
  int64_t contacts = 0;
  while (reader->Read(&frame)) contacts += frame.contacts_size();
  RETURN_IF_ERROR(rpc::FromGrpc(reader->Finish()));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::cout << absl::StrFormat(R"({"contacts":%d,"seconds":%.3f,"rate":%.0f})", contacts, seconds,
                               static_cast<double>(contacts) / seconds)
            << std::endl;
  return absl::OkStatus();
}

}  // namespace crier::bench
