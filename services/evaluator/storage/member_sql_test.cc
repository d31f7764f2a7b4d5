#include "services/evaluator/storage/member_sql.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/pg/migrations.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::evaluator::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

// The plan of a statement with these types and values as parameters, made when the ledgers are
// known to be empty: the worst of times, since it is kept for as long as the connection.
class PlanOfLedgersTest : public testing::Test {
 protected:
  PlanOfLedgersTest() {
    const absl::Status migrated = pg::Migrate(schema_, SchemaMigrations());
    EXPECT_TRUE(migrated.ok()) << migrated;
    database_.Run(schema_, "ANALYZE sent_members, gone_contacts;");
  }

  std::string Plan(const pg::Statement& statement, const std::string& types,
                   const std::string& values) {
    std::string plan;
    const absl::Status status =
        pool_.Run(database_.Deadline(), [&](pg::Transaction& transaction) -> absl::Status {
          RETURN_IF_ERROR(transaction.Execute(kAskByIndex).status());
          RETURN_IF_ERROR(transaction.ExecuteScript(
              absl::StrCat("SET LOCAL plan_cache_mode = force_generic_plan; PREPARE asked (", types,
                           ") AS ", statement.sql)));
          ASSIGN_OR_RETURN(const pg::Rows rows, transaction.ExecuteDynamic(absl::StrCat(
                                                    "EXPLAIN EXECUTE asked (", values, ")")));
          for (const pg::Rows::Row row : rows) absl::StrAppend(&plan, row.Text(0), "\n");
          return transaction.ExecuteScript("DEALLOCATE asked");
        });
    EXPECT_TRUE(status.ok()) << status;
    return plan;
  }

  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 1}};
};

TEST_F(PlanOfLedgersTest, OfWhomAWorkflowHasSent) {
  EXPECT_THAT(
      Plan(kFindSent, "bigint, bigint[], bigint", "1, '{2,3}', 4"),
      HasSubstr("Index Cond: ((community_id = $1) AND (contact_id = each.id) AND (workflow_id = "
                "$3))"));
}

TEST_F(PlanOfLedgersTest, OfWhomAnyWorkflowHasSent) {
  EXPECT_THAT(Plan(kFindSentByAny, "bigint, bigint[]", "1, '{2,3}'"),
              HasSubstr("Index Cond: ((community_id = $1) AND (contact_id = each.id))"));
  EXPECT_THAT(Plan(kCarryOver, "bigint, bigint, bigint[]", "1, 2, '{3,4}'"),
              HasSubstr("Index Cond: ((community_id = $1) AND (contact_id = each.id))"));
  EXPECT_THAT(Plan(kForgetSent, "bigint, bigint", "1, 2"),
              HasSubstr("Index Cond: ((community_id = $1) AND (contact_id = $2))"));
}

TEST_F(PlanOfLedgersTest, OfWhoIsGone) {
  const std::string plan = Plan(kFindGone, "bigint, bigint[]", "1, '{2,3}'");
  EXPECT_THAT(plan, HasSubstr("Index Cond: ((community_id = $1) AND (contact_id = each.id))"));
  EXPECT_THAT(plan, Not(HasSubstr("Seq Scan")));
}

}  // namespace
}  // namespace crier::evaluator::storage
