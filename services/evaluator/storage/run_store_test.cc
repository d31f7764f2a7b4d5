#include "services/evaluator/storage/run_store.h"

#include <memory>

#include "common/pg/migrations.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/run_store_conformance.h"
#include "services/evaluator/storage/schema.h"
#include "services/evaluator/storage/workflow_store.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

// A store with a schema of its own.
class PgUnderTest : public RunStoreUnderTest {
 public:
  PgUnderTest() {
    const absl::Status status = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(status.ok()) << status;
  }

  RunStore& runs() override { return store_; }

  WorkflowId Make(Template workflow_template, State state, const DailySchedule& schedule,
                  absl::Time now) override {
    NewWorkflow workflow;
    workflow.community = 1;
    workflow.workflow_template = workflow_template;
    workflow.webhook = 5;
    workflow.schedule = schedule;
    const auto created = workflows_.Create(workflow, now, database_.Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    const auto changed = workflows_.Change(
        created->id, {0, 1},
        [&](Workflow& changing) {
          changing.state = state;
          changing.update_time = now;
          return absl::OkStatus();
        },
        database_.Deadline());
    EXPECT_TRUE(changed.ok()) << changed.status();
    return created->id;
  }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgWorkflowStore workflows_{pool_};
  storage::PgRunStore store_{pool_};
};

std::unique_ptr<RunStoreUnderTest> MakePg() { return std::make_unique<PgUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, RunStoreConformance, testing::Values(&MakePg));

}  // namespace
}  // namespace crier::evaluator
