#include "common/pg/sql_error.h"

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace crier::pg {
namespace {

absl::StatusCode CodeOf(const char* sqlstate) { return ToStatus({sqlstate, "", ""}).code(); }

TEST(SqlErrorTest, ADatabaseThatIsAwayIsUnavailable) {
  for (const char* sqlstate : {"", "08006", "08001", "57P01", "57P02", "57P03", "53300", "53200",
                               "25006", "25P03", "55P03"}) {
    EXPECT_EQ(CodeOf(sqlstate), absl::StatusCode::kUnavailable) << sqlstate;
  }
}

TEST(SqlErrorTest, ConflictsAreAborted) {
  for (const char* sqlstate : {"40001", "40P01"}) {
    EXPECT_EQ(CodeOf(sqlstate), absl::StatusCode::kAborted) << sqlstate;
    EXPECT_TRUE(IsConflict({sqlstate, "", ""})) << sqlstate;
    EXPECT_FALSE(BreaksConnection({sqlstate, "", ""})) << sqlstate;
  }
}

TEST(SqlErrorTest, OnlyAPreparedStatementCanBeStale) {
  for (const char* sqlstate : {"0A000", "26000"}) {
    EXPECT_TRUE(IsConflict({sqlstate, "", "get_contact"})) << sqlstate;
    EXPECT_TRUE(BreaksConnection({sqlstate, "", "get_contact"})) << sqlstate;
    EXPECT_FALSE(IsConflict({sqlstate, "", ""})) << sqlstate;
    EXPECT_EQ(CodeOf(sqlstate), absl::StatusCode::kInternal) << sqlstate;
  }
}

TEST(SqlErrorTest, OtherClassesHaveTheirCodes) {
  EXPECT_EQ(CodeOf("57014"), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf("22021"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("42P01"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf("23503"), absl::StatusCode::kInternal);
  EXPECT_EQ(CodeOf("XX000"), absl::StatusCode::kInternal);
}

TEST(SqlErrorTest, ConnectionsBreakWithTheDatabaseButNotForALock) {
  EXPECT_TRUE(BreaksConnection({"", "", ""}));
  EXPECT_TRUE(BreaksConnection({"57P01", "", ""}));
  EXPECT_TRUE(BreaksConnection({"25006", "", ""}));
  EXPECT_FALSE(BreaksConnection({"55P03", "", ""}));
  EXPECT_FALSE(BreaksConnection({"23505", "", ""}));
  EXPECT_FALSE(BreaksConnection({"57014", "", ""}));
}

TEST(SqlErrorTest, ADayWithoutAPartitionIsUnavailableForNow) {
  const SqlFailure no_partition = {
      "23514", "ERROR:  no partition of relation \"events\" found for row", "write_events"};

  EXPECT_EQ(ToStatus(no_partition).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(BreaksConnection(no_partition));
  EXPECT_EQ(CodeOf("23514"), absl::StatusCode::kInternal) << "a check of a table";
}

TEST(SqlErrorTest, NamesTheConstraintButNotTheValue) {
  const absl::Status status =
      ToStatus({"23505",
                "ERROR:  duplicate key value violates unique constraint \"contacts_pkey\"\n"
                "DETAIL:  Key (email)=(ada@example.com) already exists.",
                "add_contact"});

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorMetadata(status, "constraint"), "contacts_pkey");
  EXPECT_EQ(ErrorMetadata(status, "statement"), "add_contact");
  EXPECT_EQ(ErrorMetadata(status, "sqlstate"), "23505");
  EXPECT_EQ(status.ToString().find("ada@"), std::string::npos);
}

TEST(SqlErrorTest, AMessageWithoutQuotesNamesNoConstraint) {
  const absl::Status status = ToStatus({"23505", "FEHLER: doppelter Schlüsselwert", ""});
  EXPECT_EQ(ErrorMetadata(status, "constraint"), std::nullopt);
}

TEST(ConnectErrorTest, TellsTheReasonButNoPartOfTheUrl) {
  const absl::Status refused = ConnectError(
      "connection to server at \"10.1.2.3\", port 5432 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.message(), "the database is away: Connection refused");

  // The host that a password with an `@` leaves behind.
  const absl::Status host =
      ConnectError("could not translate host name \"secret@db\" to address: Name not known");
  EXPECT_EQ(host.ToString().find("secret"), std::string::npos);
}

TEST(CommitUnknownTest, HasAName) {
  EXPECT_EQ(CommitUnknownError().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(CommitUnknownError()), "COMMIT_UNKNOWN");
}

}  // namespace
}  // namespace crier::pg
