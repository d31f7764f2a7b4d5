#include "services/ingest/storage/entity_columns.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using testing::IsSupersetOf;

class EntityColumnsTest : public StoreTest {
 protected:
  // Names with their types; of texts, with the collation unless it is "C".
  std::set<std::string> ColumnsOfTable(const std::string& table) {
    std::set<std::string> columns;
    for (const auto row : postgres_->Run(
             database_,
             absl::StrCat("SELECT a.attname, format_type(a.atttypid, NULL), coalesce(l.collname,"
                          " 'C') FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid ="
                          " a.attcollation WHERE a.attrelid = '",
                          table, "'::regclass AND a.attnum > 0 AND NOT a.attisdropped"))) {
      std::string type = row.Text(1);
      if (type == "timestamp with time zone") type = "timestamptz";
      columns.insert(absl::StrCat(row.Text(0), " ", type, " ", row.Text(2)));
    }
    return columns;
  }

  // Names with their types, in order.
  std::string ColumnsOfType(const std::string& type) {
    return postgres_
        ->Run(
            database_,
            absl::StrCat("SELECT string_agg(attname || ' ' || replace(format_type(atttypid, NULL),"
                         " 'timestamp with time zone', 'timestamptz'), ', ' ORDER BY attnum)"
                         " FROM pg_attribute WHERE attrelid = '",
                         type, "'::regclass AND attnum > 0"))[0]
        .Text(0);
  }

  static std::string InOrder(const EntityColumns& entity) {
    return absl::StrJoin(entity.columns(), ", ", [](std::string* out, const EntityColumn& column) {
      absl::StrAppend(out, column.name, " ", column.type);
    });
  }

  static std::set<std::string> ColumnsOf(const EntityColumns& entity) {
    std::set<std::string> columns;
    for (const EntityColumn& column : entity.columns()) {
      columns.insert(absl::StrCat(column.name, " ", column.type, " C"));
    }
    return columns;
  }
};

TEST_F(EntityColumnsTest, EveryFieldThatFiltersMayNameHasItsColumn) {
  EXPECT_THAT(ColumnsOfTable("contacts"), IsSupersetOf(ColumnsOf(ContactColumns())));
  EXPECT_THAT(ColumnsOfTable("organizations"), IsSupersetOf(ColumnsOf(OrganizationColumns())));
  EXPECT_THAT(ColumnsOfTable("activities"), IsSupersetOf(ColumnsOf(ActivityColumns())));
}

TEST_F(EntityColumnsTest, RowsAreSentAsTheirTypesHaveThem) {
  EXPECT_EQ(ColumnsOfType("contact_row"),
            absl::StrCat("community_id bigint, contact_id bigint, contact bytea, ",
                         InOrder(ContactColumns())));
  EXPECT_EQ(ColumnsOfType("organization_row"),
            absl::StrCat("community_id bigint, organization_id bigint, organization bytea, ",
                         InOrder(OrganizationColumns())));
  EXPECT_EQ(
      ColumnsOfType("activity_row"),
      absl::StrCat("community_id bigint, activity_id bigint, contact_id bigint, ",
                   "former_contact_ids bigint[], activity bytea, ", InOrder(ActivityColumns())));
}

}  // namespace
}  // namespace crier::ingest::storage
