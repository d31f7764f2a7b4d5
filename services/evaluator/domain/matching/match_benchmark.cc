// What it costs to match one event with the 1,000 workflows that a community may have.
//
// `per_workflow` is the time of an event divided by the workflows.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/api/time.h"
#include "services/evaluator/domain/matching/match_index.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;

constexpr int kWorkflows = kMaxWorkflowsPerCommunity;

Event MakeEvent() {
  const auto now = api::ToProto(absl::FromUnixSeconds(1'700'000'000));
  Event event;
  event.set_kind(Event::ACTIVITY_FOUND);
  event.set_community_id(1);
  event.set_position(1);
  *event.mutable_accept_time() = now;
  entity::v1::Activity& activity = *event.mutable_activity();
  activity.set_activity_type("DiscordThreadCreated");
  activity.set_service_name("Discord");
  activity.set_title("How do I rotate the signing key of a webhook?");
  activity.set_content(std::string(500, 'x'));
  *activity.mutable_occur_time() = now;
  entity::v1::Contact& contact = *activity.mutable_contact();
  contact.set_full_name("Marion Sanford");
  contact.set_title("Technical Writer");
  contact.set_primary_email("marion@example.com");
  contact.add_all_emails("marion@example.com");
  contact.mutable_organization()->set_domain("techwritesolutions.com");
  contact.mutable_organization()->mutable_location()->set_country("USA");
  contact.set_lead_score(80.5);
  contact.add_tags()->set_name("Test Tag");
  (*contact.mutable_custom_fields())["plan"] = "gold";
  return event;
}

// Criteria that the index cannot help with, so that each is evaluated. All but the last of a kind
// are what people write: one comparison, or two.
std::string SimpleCriteria(int number) {
  switch (number % 8) {
    case 0:
      return absl::StrCat("contact.lead_score >= ", number);
    case 1:
      return absl::StrCat("contact.title = \"Engineer ", number, "\"");
    case 2:
      return absl::StrCat("contact.primary_email = \"*@host", number, ".example\"");
    case 3:
      return absl::StrCat("contact.organization.domain = \"host", number, ".example\"");
    case 4:
      return absl::StrCat("contact.tags.name:\"tag ", number, "\"");
    case 5:
      return absl::StrCat("title = \"*word", number, "*\"");
    case 6:
      return absl::StrCat("occur_time >= \"now-7d\" AND contact.lead_score > ", number);
    default:
      return absl::StrCat("contact.custom_fields.plan = \"plan ", number, "\"");
  }
}

std::string CriteriaByType(int number) {
  return absl::StrCat("activity_type = \"Type", number, "\" AND ", SimpleCriteria(number));
}

Catalog MakeCatalog(std::string (*criteria)(int)) {
  std::vector<Revision> revisions;
  for (int i = 1; i <= kWorkflows; ++i) {
    Revision revision;
    revision.workflow = {1, i};
    revision.workflow_template = Template::kNewActivity;
    revision.filter = criteria(i);
    revisions.push_back(std::move(revision));
  }
  return Catalog(1, std::move(revisions));
}

void Match(benchmark::State& state, std::string (*criteria)(int)) {
  const auto index = MatchIndex::Build(MakeCatalog(criteria), MatchIndex());
  if (!index.ok()) std::abort();
  const Event event = MakeEvent();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(index->Match(event));
  state.counters["per_workflow"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kWorkflows,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(Match, every_workflow_is_evaluated, SimpleCriteria);
BENCHMARK_CAPTURE(Match, the_index_leaves_out_other_types, CriteriaByType);

void Build(benchmark::State& state, bool first) {
  const auto known = MatchIndex::Build(MakeCatalog(SimpleCriteria), MatchIndex());
  if (!known.ok()) std::abort();
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    Catalog catalog = MakeCatalog(SimpleCriteria);
    state.ResumeTiming();
    benchmark::DoNotOptimize(MatchIndex::Build(std::move(catalog), first ? MatchIndex() : *known));
  }
}
BENCHMARK_CAPTURE(Build, a_new_index, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Build, a_refreshed_index, false)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace crier::evaluator

BENCHMARK_MAIN();
