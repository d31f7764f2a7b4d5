#include "common/pg/migrations.h"

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using testing::HasSubstr;
using tests::TestDatabase;

const std::vector<Migration>& OneStep() {
  static const auto* const steps =
      new std::vector<Migration>{{1, "0001_things", "CREATE TABLE things (id bigint PRIMARY KEY)"}};
  return *steps;
}

const std::vector<Migration>& TwoSteps() {
  static const auto* const steps = new std::vector<Migration>{
      OneStep()[0],
      {2, "0002_names",
       "ALTER TABLE things ADD COLUMN name text; INSERT INTO things VALUES (1, 'a')"}};
  return *steps;
}

// The second step takes something away that a program of version 1 needs.
const std::vector<Migration>& Contraction() {
  static const auto* const steps = new std::vector<Migration>{
      OneStep()[0], {2, "0002_no_things", "DROP TABLE things", /*oldest_program=*/2}};
  return *steps;
}

class MigrationsTest : public testing::Test {
 protected:
  int VersionOf(const Database& database) {
    return server_.Run(database, "SELECT max(version) FROM schema_migrations")[0].Int32(0);
  }

  absl::Status Check(const Database& database, int required) {
    Pool pool(database, {});
    return CheckSchema(pool, required, TestDatabase::Deadline());
  }

  // A login that may do nothing, for `database`.
  Database AsNewLogin(Database database) {
    const std::string login = server_.NewRoleName();
    server_.Run(absl::StrCat("CREATE ROLE ", login, " LOGIN PASSWORD 'secret'"));
    database.url =
        absl::StrCat(database.url, database.url.find('?') == std::string::npos ? "?" : "&",
                     "user=", login, "&password=secret");
    return database;
  }

  TestDatabase server_;
};

TEST_F(MigrationsTest, MakesRoleSchemaAndTables) {
  const Database database = server_.NewSchemaName(server_.NewRoleName());

  const absl::Status status = Migrate(database, TwoSteps());

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(VersionOf(database), 2);
  const Rows owners = server_.Run(
      absl::StrCat("SELECT tableowner FROM pg_tables WHERE schemaname = '", database.schema, "'"));
  ASSERT_EQ(owners.size(), 2);
  for (const Rows::Row row : owners) EXPECT_EQ(row.Text(0), database.role);
  const Rows role = server_.Run(
      absl::StrCat("SELECT rolcanlogin FROM pg_roles WHERE rolname = '", database.role, "'"));
  EXPECT_FALSE(role[0].Bool(0));
}

TEST_F(MigrationsTest, WorksWithoutARole) {
  const Database database = server_.NewSchemaName();
  ASSERT_TRUE(Migrate(database, OneStep()).ok());
  EXPECT_EQ(VersionOf(database), 1);
}

TEST_F(MigrationsTest, ASecondTimeDoesNothing) {
  const Database database = server_.NewSchemaName(server_.NewRoleName());
  ASSERT_TRUE(Migrate(database, TwoSteps()).ok());
  ASSERT_TRUE(Migrate(database, TwoSteps()).ok());
  EXPECT_EQ(server_.Run(database, "SELECT FROM things").size(), 1);
}

TEST_F(MigrationsTest, GoesOnFromTheVersionThatIsThere) {
  const Database database = server_.NewSchemaName(server_.NewRoleName());
  ASSERT_TRUE(Migrate(database, OneStep()).ok());
  ASSERT_TRUE(Migrate(database, TwoSteps()).ok());
  const Rows steps =
      server_.Run(database, "SELECT version, name FROM schema_migrations ORDER BY version");
  ASSERT_EQ(steps.size(), 2);
  EXPECT_EQ(steps[1].Text(1), "0002_names");
}

TEST_F(MigrationsTest, ManyAtOnceMakeOneSchema) {
  const std::string role = server_.NewRoleName();
  const std::vector<Database> databases = {server_.NewSchemaName(role),
                                           server_.NewSchemaName(role)};
  std::vector<absl::Status> statuses(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = Migrate(databases[i % 2], TwoSteps()); });
  }
  for (std::thread& thread : threads) thread.join();

  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
  for (const Database& database : databases) {
    EXPECT_EQ(server_.Run(database, "SELECT FROM things").size(), 1);
  }
}

TEST_F(MigrationsTest, AStepThatFailsLeavesTheOnesBefore) {
  const Database database = server_.NewSchemaName();
  const std::vector<Migration> broken = {
      OneStep()[0], {2, "0002_broken", "CREATE TABLE more (id bigint); SELECT 1 / 0"}};

  const absl::Status status = Migrate(database, broken);

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_EQ(VersionOf(database), 1);
  EXPECT_TRUE(Migrate(database, TwoSteps()).ok()) << "once it is repaired";
}

TEST_F(MigrationsTest, RefusesASchemaThatIsTooNew) {
  const Database database = server_.NewSchemaName();
  ASSERT_TRUE(Migrate(database, TwoSteps()).ok());

  const absl::Status status = Migrate(database, OneStep());

  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "SCHEMA_TOO_NEW");
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer release"));
}

TEST_F(MigrationsTest, TellsAMissingSchema) {
  const auto reason = [&](const Database& database) { return ErrorReason(Check(database, 1)); };
  EXPECT_EQ(reason(server_.NewSchemaName()), "SCHEMA_MISSING");
  EXPECT_EQ(reason(server_.NewSchemaName(server_.NewRoleName())), "SCHEMA_MISSING") << "nor a role";
  EXPECT_EQ(reason(server_.NewSchema()), "SCHEMA_MISSING") << "an empty schema";
}

TEST_F(MigrationsTest, ADatabaseThatIsAwayIsNotAMissingSchema) {
  EXPECT_EQ(Check({"postgresql://127.0.0.1:9/db", "", "s"}, 1).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(MigrationsTest, ChecksTheVersionAndTellsTheRemedy) {
  const Database database = server_.NewSchemaName(server_.NewRoleName());
  Pool pool(database, {});
  const absl::Status before = CheckSchema(pool, 1, TestDatabase::Deadline());
  EXPECT_EQ(before.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(before.message()), HasSubstr("`migrate`"));

  ASSERT_TRUE(Migrate(database, OneStep()).ok());

  EXPECT_TRUE(CheckSchema(pool, 1, TestDatabase::Deadline()).ok()) << "the same pool recovers";
  EXPECT_FALSE(CheckSchema(pool, 2, TestDatabase::Deadline()).ok());
  EXPECT_TRUE(CheckSchema(pool, 0, TestDatabase::Deadline()).ok()) << "a newer schema is fine";
}

TEST_F(MigrationsTest, ALoginThatMayNotMakeARoleIsToldSo) {
  const Database database = AsNewLogin(server_.NewSchemaName(server_.NewRoleName()));

  const absl::Status status = Migrate(database, OneStep());

  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("CREATEROLE"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(database.role));
}

TEST_F(MigrationsTest, ALoginThatMayNotAssumeTheRoleIsToldSo) {
  const std::string role = server_.NewRoleName();
  server_.Run(absl::StrCat("CREATE ROLE ", role));
  const Database database = AsNewLogin(server_.NewSchemaName(role));

  EXPECT_EQ(Migrate(database, OneStep()).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(MigrationsTest, ALoginThatMayNotMakeASchemaIsToldSo) {
  const Database database = AsNewLogin(server_.NewSchemaName());

  const absl::Status status = Migrate(database, OneStep());

  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(database.schema));
}

TEST_F(MigrationsTest, ASchemaOfSomebodyElseIsToldSo) {
  const Database database = AsNewLogin(server_.NewSchema());
  const absl::Status status = Migrate(database, OneStep());
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
}

TEST_F(MigrationsTest, APreparedLoginNeedsNoRightsOfItsOwn) {
  const std::string role = server_.NewRoleName();
  Database database = server_.NewSchemaName(role);
  server_.Run(absl::StrCat("CREATE ROLE ", role, "; CREATE SCHEMA ", database.schema,
                           " AUTHORIZATION ", role));
  const std::string login = server_.NewRoleName();
  server_.Run(
      absl::StrCat("CREATE ROLE ", login, " LOGIN PASSWORD 'secret'; GRANT ", role, " TO ", login));
  database.url += absl::StrCat(database.url.find('?') == std::string::npos ? "?" : "&",
                               "user=", login, "&password=secret");

  const absl::Status status = Migrate(database, OneStep());

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Check(database, 1).ok());
}

TEST_F(MigrationsTest, ARoleCannotReadTheSchemaOfAnother) {
  const Database one = server_.NewSchemaName(server_.NewRoleName());
  const Database other = server_.NewSchemaName(server_.NewRoleName());
  ASSERT_TRUE(Migrate(one, OneStep()).ok());
  ASSERT_TRUE(Migrate(other, OneStep()).ok());
  Pool pool(one, {});

  const absl::Status own = pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
    return transaction.ExecuteDynamic("SELECT * FROM things").status();
  });
  const absl::Status foreign = pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
    return transaction.ExecuteDynamic(absl::StrCat("SELECT * FROM ", other.schema, ".things"))
        .status();
  });

  EXPECT_TRUE(own.ok()) << own;
  EXPECT_EQ(ErrorMetadata(foreign, "sqlstate"), "42501") << foreign;
}

TEST_F(MigrationsTest, AProgramTooOldForANewerSchemaIsToldSo) {
  const Database database = server_.NewSchemaName();
  ASSERT_TRUE(Migrate(database, OneStep()).ok());
  ASSERT_TRUE(Check(database, 1).ok());

  ASSERT_TRUE(Migrate(database, Contraction()).ok());

  const absl::Status status = Check(database, 1);
  EXPECT_EQ(ErrorReason(status), "SCHEMA_TOO_NEW");
  EXPECT_EQ(status.message(),
            absl::StrCat("the schema ", database.schema,
                         " has version 2, this program knows 1; use a newer release of the "
                         "program"));
  EXPECT_TRUE(Check(database, 2).ok());
}

}  // namespace
}  // namespace crier::pg
