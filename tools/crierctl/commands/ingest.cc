// crierctl ingest: records from files or standard input.
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
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

// `file:line: what is wrong`, once for every field.
void ShowFailure(const RecordFailure& failure, absl::string_view address, std::ostream& err) {
  const std::string message(Explain(failure.status, address).message());
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    err << Printable(absl::StrCat(failure.file, ":", failure.line, ": ", line)) << "\n";
  }
}

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
    return absl::FailedPreconditionError(absl::StrCat(ReadableCount(totals.failed), " of ",
                                                      ReadableCount(totals.settled()),
                                                      " records failed; the others are stored"));
  }
  return absl::OkStatus();
}

absl::Status Ingest(Session& session, RecordKind kind, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string parent, CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(RecordFiles files, RecordFiles::Open(arguments.files, session.in));
  const IngestClient client = ConnectIngest(session.settings);
  const BatchSender sender([&](const std::string& json) { return ParseRecord(kind, parent, json); },
                           [&](const BatchIngestRequest& request) {
                             return client.Call<BatchIngestRequest, BatchIngestResponse>(
                                 &IngestClient::Stub::BatchIngest, request);
                           },
                           absl::SleepFor);

  ProgressLine progress(session.err, session.err_is_terminal, SystemClock());
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
    if (!report.failures.empty()) progress.Clear();
    for (const RecordFailure& failure : report.failures) {
      ShowFailure(failure, client.address(), session.err);
    }
    progress.Update({.records = totals.settled(),
                     .failed = totals.failed,
                     .bytes = bytes_read,
                     .total_bytes = files.total_bytes()});
  });
  progress.Clear();
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
  command.add_option("--batch-size", arguments->options.batch_records, "Records in one request")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--in-flight", arguments->options.in_flight,
                  "Requests at the same time; with 1, records are stored in their order")
      ->check(CLI::Range(1, 64))
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
