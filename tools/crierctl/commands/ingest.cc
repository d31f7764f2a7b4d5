// crierctl ingest: records from files or standard input.
#include <atomic>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/ingest/batch_sender.h"
#include "tools/crierctl/ingest/ingester.h"
#include "tools/crierctl/ingest/progress.h"
#include "tools/crierctl/ingest/record_files.h"
#include "tools/crierctl/ingest/record_parser.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::ingest::v1::BatchIngestRequest;
using ::crier::ingest::v1::BatchIngestResponse;
using ::crier::ingest::v1::IngestService;

struct Arguments {
  std::vector<std::string> files;
  IngesterOptions options;
};

struct Totals {
  int64_t created = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;
  int64_t failed = 0;
  int64_t unsettled = 0;
  absl::Status stopped;

  void Add(const BatchReport& report) {
    created += report.created;
    updated += report.updated;
    unchanged += report.unchanged;
    failed += static_cast<int64_t>(report.failures.size());
    unsettled += report.unsettled;
    if (stopped.ok()) stopped = report.stopped;
  }

  int64_t settled() const { return created + updated + unchanged + failed; }
};

// What appears on standard error while records are sent. Thread-safe.
class Console {
 public:
  // `session` must outlive the console; `address` is the server's.
  Console(Session& session, std::string address)
      : address_(std::move(address)),
        err_(session.err),
        progress_(session.err, session.err_is_terminal, SystemClock()) {}

  // Each failure as `file:line: what is wrong`, once for every field; then how far it has come.
  void Show(const std::vector<RecordFailure>& failures, const ProgressState& state)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (!failures.empty()) progress_.Clear();
    for (const RecordFailure& failure : failures) {
      const std::string message(Explain(failure.status, address_).message());
      for (const absl::string_view line : absl::StrSplit(message, '\n')) {
        err_ << Printable(absl::StrCat(failure.file, ":", failure.line, ": ", line)) << "\n";
      }
    }
    progress_.Update(state);
  }

  // Sleeps before a retry. Says why nothing seems to happen, once, when that takes long.
  void Wait(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (wait >= absl::Seconds(1)) {
      absl::MutexLock lock(&mutex_);
      if (!told_) {
        progress_.Clear();
        err_ << "The server at " << address_ << " is away or full; trying again for half a minute."
             << std::endl;
      }
      told_ = true;
    }
    absl::SleepFor(wait);
  }

  void Finish() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    progress_.Clear();
  }

 private:
  const std::string address_;
  absl::Mutex mutex_;
  std::ostream& err_ ABSL_GUARDED_BY(mutex_);
  ProgressLine progress_ ABSL_GUARDED_BY(mutex_);
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
};

void ShowSummary(Session& session, const Totals& totals) {
  if (session.settings.json()) {
    session.out << absl::StrCat("{\"created\":", totals.created, ",\"updated\":", totals.updated,
                                ",\"unchanged\":", totals.unchanged, ",\"failed\":", totals.failed,
                                ",\"unsettled\":", totals.unsettled, "}\n");
    return;
  }
  std::vector<std::string> parts = {
      absl::StrCat(ReadableCount(totals.created), " created"),
      absl::StrCat(ReadableCount(totals.updated), " updated"),
      absl::StrCat(ReadableCount(totals.unchanged), " unchanged"),
      absl::StrCat(ReadableCount(totals.failed), " failed"),
  };
  if (totals.unsettled > 0) {
    parts.push_back(absl::StrCat(ReadableCount(totals.unsettled), " not settled"));
  }
  session.out << absl::StrJoin(parts, ", ") << "\n";
}

absl::Status Verdict(const Totals& totals) {
  if (!totals.stopped.ok()) {
    return absl::Status(totals.stopped.code(),
                        absl::StrCat("stopped before the end: ", totals.stopped.message(),
                                     "\nRunning it again is safe: what is stored stays as it is."));
  }
  if (totals.failed > 0) {
    const bool all = totals.failed == totals.settled();
    return absl::FailedPreconditionError(
        absl::StrCat(ReadableCount(totals.failed), " of ", ReadableCount(totals.settled()),
                     " records failed; ", all ? "nothing is stored" : "the others are stored"));
  }
  return absl::OkStatus();
}

absl::Status Ingest(Session& session, RecordKind kind, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string parent, CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(RecordFiles files, RecordFiles::Open(arguments.files, session.in));
  const Client<IngestService> client = Connect<IngestService>(session.settings);
  Console console(session, client.address());
  const BatchSender sender([&](const std::string& json) { return ParseRecord(kind, parent, json); },
                           [&](const BatchIngestRequest& request) {
                             return client.Call<BatchIngestRequest, BatchIngestResponse>(
                                 &IngestService::Stub::BatchIngest, request);
                           },
                           [&](absl::Duration wait) { console.Wait(wait); });
  Totals totals;
  std::atomic<int64_t> bytes_read = 0;  // read by worker threads, shown by this one
  const auto next_record = [&] {
    std::optional<Record> record = files.Next();
    bytes_read = files.bytes_read();
    return record;
  };
  Ingester ingester(arguments.options, next_record, sender);
  ingester.Run([&](const BatchReport& report) {
    totals.Add(report);
    console.Show(report.failures, {.records = totals.settled(),
                                   .failed = totals.failed,
                                   .bytes = bytes_read,
                                   .total_bytes = files.total_bytes()});
  });
  console.Finish();
  ShowSummary(session, totals);
  return Verdict(totals);
}

void AddKind(CLI::App& parent, Session& session, const char* word, RecordKind kind,
             const char* help) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand(word, help);
  command.add_option("files", arguments->files, "JSON files; `-` is standard input")
      ->required()
      ->type_name("FILE");
  TakeWholeNumbers(command.add_option("--batch-size", arguments->options.batch_records,
                                      "Records in one request"),
                   1, 1000)
      ->capture_default_str();
  TakeWholeNumbers(
      command.add_option("--in-flight", arguments->options.in_flight,
                         "Requests at the same time; with 1, records are stored in their order"),
      1, 64)
      ->capture_default_str();
  command.footer(
      absl::StrCat("A file holds one JSON object, an array of them, or one a line. "
                   "A record looks like\n  ",
                   RecordShape(kind)));
  OnRun(command, session,
        [&session, kind, arguments] { return Ingest(session, kind, *arguments); });
}

}  // namespace

void AddIngestCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("ingest", "Report contacts, organizations, activities");
  command.require_subcommand(1);
  AddKind(command, session, "contacts", RecordKind::kContact, "Store contacts from JSON");
  AddKind(command, session, "organizations", RecordKind::kOrganization,
          "Store organizations from JSON");
  AddKind(command, session, "activities", RecordKind::kActivity, "Record activities from JSON");
}

}  // namespace crier::crierctl
