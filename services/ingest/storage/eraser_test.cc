#include "services/ingest/storage/eraser.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/storage/log_readers.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Contact;
using entity::v1::Event;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EraserTest : public StoreTest {
 protected:
  // The tables of the schema that hold the text anywhere, be it within a message.
  std::vector<std::string> TablesWith(const std::string& text) {
    std::vector<std::string> found;
    for (const auto row : postgres_->Run(
             database_, absl::StrCat("SELECT table_name::text FROM information_schema.tables WHERE"
                                     " table_schema = '",
                                     database_.schema, "' ORDER BY 1"))) {
      const std::string table = row.Text(0);
      const int64_t rows =
          Count(absl::StrCat("\"", table, "\" t WHERE position('", absl::AsciiStrToLower(text),
                             "' IN lower(t::text)) > 0 OR position('", absl::BytesToHexString(text),
                             "' IN t::text) > 0"));
      if (rows > 0) found.push_back(table);
    }
    return found;
  }

  std::vector<Event> Events(int64_t community) {
    const auto heads = log_.Heads(Deadline());
    const auto read = log_.Read(LogPartitionOf(community, static_cast<int32_t>(heads->size())), 0,
                                ReadLimits(), Deadline());
    EXPECT_EQ(read.status(), absl::OkStatus());
    std::vector<Event> events(read.ok() ? read->events.size() : 0);
    for (size_t i = 0; i < events.size(); ++i)
      EXPECT_TRUE(events[i].ParseFromString(read->events[i]));
    return events;
  }

  int64_t OnlyContact(int64_t community) {
    return postgres_
        ->Run(database_, absl::StrCat("SELECT min(contact_id) FROM contacts WHERE community_id = ",
                                      community))[0]
        .Int64(0);
  }

  void FinishDeletions(PgEraser& eraser) {
    for (;;) {
      const auto worked = eraser.ContinueDeletions(kNow, Deadline());
      ASSERT_TRUE(worked.ok()) << worked.status();
      if (!*worked) return;
    }
  }

  // Of two contacts that are merged, with an activity each and a handle that was replaced, beside
  // somebody else.
  void IngestPerson() {
    Contact person = ContactWith({"marion@example.com"});
    person.mutable_github()->set_handle("marion-before");
    Ingest(store_, {ContactOf(1, person)});
    person.set_full_name("Marion Sanford");
    person.mutable_github()->set_handle("msanford");
    Ingest(store_, {ContactOf(1, person), ContactOf(1, ContactWith({"other@example.com"})),
                    OrganizationOf(1, "example.com", "Example")});
    Ingest(store_, {ActivityOf(1, "1", ContactWith({"sanford@example.com"}), "marion said"),
                    ActivityOf(1, "2", ContactWith({"marion@example.com"}), "marion too"),
                    ActivityOf(1, "3", ContactWith({"other@example.com"}))});
    Ingest(store_, {ContactOf(1, ContactWith({"marion@example.com", "sanford@example.com"}))});
  }

  PgEraser eraser_{pool_, 2};  // so that there are several steps
};

TEST_F(EraserTest, AContactIsErasedFromEveryTable) {
  IngestPerson();
  ASSERT_THAT(TablesWith("marion@example.com"), testing::Not(IsEmpty()));
  const std::vector<Event> before = Events(1);
  const int64_t id = OnlyContact(1);

  ASSERT_EQ(eraser_.EraseContact(1, id, kNow, Deadline()), absl::OkStatus());

  EXPECT_THAT(TablesWith("marion"), IsEmpty());
  EXPECT_THAT(TablesWith("Marion Sanford"), IsEmpty());
  EXPECT_THAT(TablesWith("other@example.com"), testing::Not(IsEmpty()));
  EXPECT_EQ(Count("activities"), 1);
  EXPECT_EQ(Count("contact_redirects"), 0);
  EXPECT_EQ(Count("events WHERE subject_id IS NULL AND activity_id IS NOT NULL"), 0);

  const std::vector<Event> after = Events(1);
  ASSERT_EQ(after.size(), before.size() + 1);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].position(), before[i].position());
    const bool is_of_other = absl::StrContains(before[i].ShortDebugString(), "other@example.com");
    const bool is_of_person = !before[i].has_organization() && !is_of_other;
    EXPECT_EQ(after[i].kind(), is_of_person ? Event::KIND_UNSPECIFIED : before[i].kind());
    EXPECT_EQ(after[i].entity_case(),
              is_of_person ? Event::ENTITY_NOT_SET : before[i].entity_case());
  }
  EXPECT_EQ(after.back().kind(), Event::CONTACT_DELETED);
  EXPECT_EQ(after.back().deleted_contact(), absl::StrCat("communities/1/contacts/", id));
  EXPECT_EQ(after.back().merged_contacts_size(), 1);
}

TEST_F(EraserTest, AContactIsErasedByTheNameOfOneThatWasMergedIntoItAndOnlyOnce) {
  IngestPerson();
  const int64_t loser =
      postgres_->Run(database_, "SELECT min(contact_id) FROM contact_redirects")[0].Int64(0);

  EXPECT_EQ(eraser_.EraseContact(1, loser, kNow, Deadline()), absl::OkStatus());

  EXPECT_THAT(TablesWith("marion"), IsEmpty());
  const absl::Status again = eraser_.EraseContact(1, loser, kNow, Deadline());
  EXPECT_EQ(ErrorReason(again), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Events(1).back().kind(), Event::CONTACT_DELETED);
}

// Whose an activity is may turn out later. What was told of it until then is erased with the one
// whose it is, and everything else that the other one did is left.
TEST_F(EraserTest, WhatWasThoughtToBeSomebodyElsesIsErasedToo) {
  const auto by = [](const char* id, const char* email, const std::string& text) {
    return ActivityOf(1, id, ContactWith({email}), text);
  };
  Ingest(store_, {ContactOf(1, ContactWith({"first@example.com"}))});
  Ingest(store_,
         {by("1", "bot@example.com", "marion said"), by("2", "bot@example.com", "bot said")});
  Ingest(store_, {by("1", "tea@example.com", "marion said more")});
  // The bot becomes part of another contact, and then more is found to be hers: within one batch
  // too.
  Ingest(store_, {by("3", "bot@example.com", "marion again")});
  Ingest(store_, {ContactOf(1, ContactWith({"first@example.com", "bot@example.com"}))});
  Ingest(store_, {by("4", "bot@example.com", "marion at last"),
                  by("3", "marion@example.com", "marion again, edited"),
                  by("4", "marion@example.com", "marion at last")});
  Ingest(store_, {by("1", "marion@example.com", "marion said more")});
  const int64_t marion = postgres_
                             ->Run(database_,
                                   "SELECT contact_id FROM contacts WHERE primary_email = ''"
                                   " AND 'marion@example.com' = ANY (all_emails)")[0]
                             .Int64(0);
  ASSERT_THAT(TablesWith("marion"), testing::Not(IsEmpty()));
  const size_t before = Events(1).size();

  ASSERT_EQ(eraser_.EraseContact(1, marion, kNow, Deadline()), absl::OkStatus());

  EXPECT_THAT(TablesWith("marion"), IsEmpty());
  EXPECT_THAT(TablesWith("bot said"), testing::IsSupersetOf({"activities", "events"}))
      << "what the bot did is still there";
  std::vector<std::string> elsewhere;
  const std::vector<Event> after = Events(1);
  for (size_t i = before; i + 1 < after.size(); ++i) {
    EXPECT_EQ(after[i].kind(), Event::ACTIVITY_ERASED);
    elsewhere.push_back(
        absl::StrCat(after[i].activity().name(), " ", after[i].activity().contact().name()));
  }
  EXPECT_THAT(elsewhere, testing::Contains("communities/1/activities/3 communities/1/contacts/2"));
  EXPECT_EQ(after.back().kind(), Event::CONTACT_DELETED);
}

TEST_F(EraserTest, WhatTurnsOutToBeSomebodyElsesMeanwhileStays) {
  Ingest(store_, {ActivityOf(1, "1", ContactWith({"marion@example.com"})),
                  ContactOf(1, ContactWith({"other@example.com"}))});
  absl::Status erased;
  std::thread erasing;

  const absl::Status moved = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto updated = transaction.ExecuteDynamic(
        "UPDATE activities SET contact_id = 3, former_contact_ids = '{1}'", pg::Params());
    erasing = std::thread([&] { erased = eraser_.EraseContact(1, 1, kNow, Deadline()); });
    while (Count("pg_locks WHERE NOT granted AND pid <> pg_backend_pid()") == 0) {
      std::this_thread::yield();
    }
    return updated.status();
  });
  erasing.join();

  EXPECT_EQ(moved, absl::OkStatus());
  EXPECT_EQ(erased, absl::OkStatus());
  EXPECT_EQ(Count("activities WHERE contact_id = 3"), 1);
}

TEST_F(EraserTest, WhoIsErasedIsFoundAnew) {
  IngestPerson();
  ASSERT_EQ(eraser_.EraseContact(1, OnlyContact(1), kNow, Deadline()), absl::OkStatus());

  EXPECT_THAT(Ingest(store_, {ContactOf(1, ContactWith({"marion@example.com"}))}),
              ElementsAre(HasSubstr("CREATED")));
}

TEST_F(EraserTest, ACommunityIsErasedInSteps) {
  IngestPerson();
  Ingest(store_, {ContactOf(2, ContactWith({"marion@example.com"}))});
  const size_t events = Events(1).size();

  const auto begun = eraser_.BeginDeletion(1, kNow, Deadline());
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_FALSE(begun->finish_time.has_value());
  FinishDeletions(eraser_);

  for (const char* table : {"contacts", "contact_identities", "contact_redirects", "activities",
                            "organizations", "events"}) {
    const bool is_log = std::string(table) == "events";
    EXPECT_EQ(Count(absl::StrCat(table, " WHERE community_id = 1",
                                 is_log ? " AND subject_id IS NOT NULL" : "")),
              0)
        << table;
  }
  EXPECT_EQ(Count("contacts WHERE community_id = 2"), 1);
  EXPECT_THAT(TablesWith("other@example.com"), IsEmpty());
  const auto done = eraser_.GetDeletion(1, Deadline());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(done->finish_time.has_value());
  EXPECT_GT(done->erased_count, 0);
  const std::vector<Event> log = Events(1);
  ASSERT_EQ(log.size(), events + 1);
  EXPECT_EQ(log.back().kind(), Event::COMMUNITY_DELETED);
  for (const Event& event : log) EXPECT_EQ(event.entity_case(), Event::ENTITY_NOT_SET);
}

TEST_F(EraserTest, RecordsAreRefusedUntilTheCommunityIsErased) {
  IngestPerson();
  const Record record = ContactOf(1, ContactWith({"late@example.com"}));
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());

  EXPECT_THAT(Ingest(store_, {record, ContactOf(2, ContactWith({"late@example.com"}))}),
              ElementsAre("FAILED_PRECONDITION", HasSubstr("CREATED")));

  FinishDeletions(eraser_);
  EXPECT_THAT(Ingest(store_, {record}), ElementsAre(HasSubstr("CREATED")));
}

TEST_F(EraserTest, RecordsAreRefusedUntilEveryReaderHasHeardOfTheDeletion) {
  PgLogReaders readers(pool_);
  IngestPerson();
  const Record record = ContactOf(1, ContactWith({"late@example.com"}));
  for (const char* reader : {"evaluator", "export"}) {
    ASSERT_TRUE(readers.Register(reader, /*from_beginning=*/false, kNow, Deadline()).ok());
  }
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());
  ASSERT_TRUE(eraser_.BeginDeletion(2, kNow, Deadline()).ok());
  FinishDeletions(eraser_);
  const Event deletion = Events(1).back();
  ASSERT_EQ(deletion.kind(), Event::COMMUNITY_DELETED);
  const auto confirm = [&](const std::string& reader) {
    EXPECT_EQ(readers.Confirm(reader, {{deletion.log_partition(), deletion.position()}}, kNow,
                              Deadline()),
              absl::OkStatus());
    FinishDeletions(eraser_);
  };

  EXPECT_EQ(eraser_.GetDeletion(1, Deadline())->finish_time, std::nullopt);
  EXPECT_THAT(eraser_.GetDeletion(1, Deadline())->waiting_readers,
              ElementsAre("evaluator", "export"));
  EXPECT_THAT(Ingest(store_, {record}), ElementsAre("FAILED_PRECONDITION"));
  confirm("evaluator");
  EXPECT_THAT(eraser_.GetDeletion(1, Deadline())->waiting_readers, ElementsAre("export"));
  EXPECT_EQ(*eraser_.OldestDeletion(Deadline()), kNow);
  EXPECT_THAT(Ingest(store_, {record}), ElementsAre("FAILED_PRECONDITION"));
  confirm("export");
  EXPECT_EQ(eraser_.GetDeletion(1, Deadline())->finish_time, kNow);
  EXPECT_THAT(Ingest(store_, {record}), ElementsAre(HasSubstr("CREATED")));
  EXPECT_EQ(eraser_.GetDeletion(2, Deadline())->finish_time, std::nullopt) << "not heard of";
  EXPECT_EQ(Events(1).back().kind(), Event::CONTACT_FOUND) << "told of once";
}

TEST_F(EraserTest, ADeletionGoesOnWhereAnotherReplicaStopped) {
  IngestPerson();
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());
  ASSERT_TRUE(*eraser_.ContinueDeletions(kNow, Deadline()));
  PgEraser other(pool_, 2);

  const auto repeated = other.BeginDeletion(1, kNow + absl::Hours(1), Deadline());
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->create_time, kNow);
  EXPECT_GT(repeated->erased_count, 0);
  FinishDeletions(other);

  EXPECT_TRUE(other.GetDeletion(1, Deadline())->finish_time.has_value());
  EXPECT_EQ(Count("events WHERE community_id = 1 AND subject_id IS NOT NULL"), 0);
}

TEST_F(EraserTest, ALastLookFindsWhatIsBehindThePlaceThatADeletionHasComeTo) {
  IngestPerson();
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());
  postgres_->Run(database_,
                 "UPDATE community_deletions SET next_subject_id = (SELECT max(last_id) + 1 FROM"
                 " log_heads)");

  FinishDeletions(eraser_);

  EXPECT_EQ(Events(1).back().kind(), Event::COMMUNITY_DELETED);
  EXPECT_EQ(Count("events WHERE community_id = 1 AND subject_id IS NOT NULL"), 0);
}

TEST_F(EraserTest, ADeletionThatAnotherReplicaIsAtIsLeftToIt) {
  IngestPerson();
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());

  const absl::Status locked = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto rows = transaction.ExecuteDynamic("SELECT FROM community_deletions FOR UPDATE");
    EXPECT_FALSE(*eraser_.ContinueDeletions(kNow, Deadline()));
    return rows.status();
  });

  EXPECT_EQ(locked, absl::OkStatus());
  EXPECT_EQ(eraser_.GetDeletion(1, Deadline())->erased_count, 0);
  EXPECT_TRUE(*eraser_.ContinueDeletions(kNow, Deadline()));
}

TEST_F(EraserTest, ACommunityThatIsDeletedTwiceIsErasedTwice) {
  IngestPerson();
  ASSERT_TRUE(eraser_.BeginDeletion(1, kNow, Deadline()).ok());
  FinishDeletions(eraser_);
  IngestPerson();

  const auto again = eraser_.BeginDeletion(1, kNow + absl::Hours(1), Deadline());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->create_time, kNow + absl::Hours(1));
  FinishDeletions(eraser_);

  EXPECT_THAT(TablesWith("marion"), IsEmpty());
}

TEST_F(EraserTest, NobodyHasAskedToDeleteACommunityThatIsThere) {
  EXPECT_EQ(ErrorReason(eraser_.GetDeletion(1, Deadline()).status()),
            "COMMUNITY_DELETION_NOT_FOUND");
}

}  // namespace
}  // namespace crier::ingest::storage
