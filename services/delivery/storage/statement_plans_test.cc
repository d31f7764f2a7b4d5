// How the statements of this service find their rows when the planner takes the tables for empty,
// as it does for a while when a service was just installed, and with the partitions of each new
// day: a plan that was made then is still in use a minute and a million rows later.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/erasure_sql.h"
#include "services/delivery/storage/queue_depth_sql.h"
#include "services/delivery/storage/repair_sql.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

// Those that look up what they are given, or the next of an order. The others read a whole table on
// purpose, and seldom.
constexpr pg::Statement kLookUps[] = {kMoveProducers,
                                      kGetProducer,
                                      kFindWebhooks,
                                      kLoadQueue,
                                      kLoadContents,
                                      kFindQueued,
                                      kDequeue,
                                      kRequeue,
                                      kFindWanted,
                                      kInsertLateAttempts,
                                      kCancelDeliveries,
                                      kCancelAllQueued,
                                      kCancelQueued,
                                      kNoteCancelled,
                                      kGetDelivery,
                                      kGetDeliveries,
                                      kListCommunity,
                                      kListWebhook,
                                      kListQueued,
                                      kListFailed,
                                      kHealth,
                                      kLastFailure,
                                      kPending,
                                      kMeasureDue,
                                      kDeliveriesOfContact,
                                      kEraseSnapshots,
                                      kEraseResponses,
                                      kMarkErased,
                                      kDeliveriesOfCommunity,
                                      kDeleteAttempts,
                                      kDeleteSnapshots,
                                      kDeleteDeliveries,
                                      kFindForRepair,
                                      kLockDeliveries,
                                      kCountAgain,
                                      kFindExhausted,
                                      kFindStillExhausted,
                                      kGetWebhooks,
                                      kGetRowVersions,
                                      kGetStates,
                                      kListWebhooks,
                                      kLockWebhook,
                                      kUpdateWebhook,
                                      kSetState,
                                      kLockHealth,
                                      kFindOperational,
                                      kScanSecrets,
                                      kScanKeys};

class StatementPlansTest : public DeliveryStorageTest {
 protected:
  // The plan that a connection of the pool keeps for whatever parameters.
  std::string PlanOf(const pg::Statement& statement) {
    const std::string sql = statement.sql;
    int parameters = 0;
    while (absl::StrContains(sql, absl::StrCat("$", parameters + 1))) ++parameters;
    const std::string nulls = absl::StrJoin(std::vector<std::string>(parameters, "NULL"), ", ");
    std::string plan;
    const absl::Status status =
        pool_.Run(Deadline(), [&](pg::Transaction& transaction) -> absl::Status {
          RETURN_IF_ERROR(transaction.ExecuteScript(
              absl::StrCat("SET LOCAL plan_cache_mode TO force_generic_plan;"
                           " SET LOCAL enable_partition_pruning TO off; PREPARE planned AS ",
                           sql)));
          ASSIGN_OR_RETURN(const pg::Rows rows, transaction.ExecuteDynamic(absl::StrCat(
                                                    "EXPLAIN EXECUTE planned (", nulls, ")")));
          for (const pg::Rows::Row row : rows) absl::StrAppend(&plan, row.Text(0), "\n");
          return transaction.ExecuteScript("DEALLOCATE planned");
        });
    EXPECT_TRUE(status.ok()) << statement.name << ": " << status;
    return plan;
  }
};

TEST_F(StatementPlansTest, WhatIsLookedUpIsFoundByIndex) {
  for (const pg::Statement& statement : kLookUps) {
    const std::string plan = PlanOf(statement);
    EXPECT_THAT(plan, HasSubstr("Index")) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Hash Join"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Merge Join"))) << statement.name;
  }
}

}  // namespace
}  // namespace crier::delivery::storage
