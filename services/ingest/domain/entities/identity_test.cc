#include "services/ingest/domain/entities/identity.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/entities/limits.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

TEST(CleanEmail, TrimsAndKeepsTheCase) {
  EXPECT_THAT(CleanEmail(" Marion.Sanford@Example.com\n"),
              Optional(Eq("Marion.Sanford@Example.com")));
  EXPECT_THAT(CleanEmail("Märion@Example.com"), Optional(Eq("Märion@Example.com")));
}

TEST(CleanEmail, HasTheDomainAsTheDnsHasIt) {
  for (const char* email :
       {"a@ü.example", "a@Ü.example", "a@u\u0308.example", "a@ü。example", "a@xn--tda.example"}) {
    EXPECT_THAT(CleanEmail(email), Optional(Eq("a@xn--tda.example"))) << email;
  }
  EXPECT_THAT(CleanEmail("ä@ü.example"), Optional(Eq("ä@xn--tda.example"))) << "not the mailbox";
  EXPECT_THAT(CleanEmail("a@example.com."), Optional(Eq("a@example.com")))
      << "the end of a sentence";
}

TEST(CleanEmail, KeepsADomainThatIsNoHostName) {
  for (const char* email : {"a@ü", "a@ü_b.example", "a@ü..example", "a@[::1]", "a@℀.com"}) {
    EXPECT_THAT(CleanEmail(email), Optional(Eq(email)));
  }
}

TEST(CleanEmail, IsNoLongerThanAddressesMayBe) {
  std::string longest = std::string(kMaxEmailBytes, 'a') + "@ü.example";
  longest.erase(0, longest.size() - kMaxEmailBytes);
  EXPECT_THAT(CleanEmail(longest), Optional(Eq(longest)));
}

TEST(CleanEmail, TakesOffWhatDoesNotShow) {
  for (const char* email : {"\ufeffmarion@example.com", "\u00a0marion@example.com\u00a0",
                            "marion@example.com\u200b \u2028", "\u202amarion@example.com\u202c",
                            "\u3000\u2060marion@example.com"}) {
    EXPECT_THAT(CleanEmail(email), Optional(Eq("marion@example.com"))) << email;
  }
}

TEST(CleanEmail, RefusesWhatIsNoAddress) {
  for (const char* email : {"", "   ", "@", "marion", "marion@", "@example.com", "a@b@example.com",
                            "ma rion@example.com", "marion@example.com\tx", "a\x7f@example.com",
                            "ma\u00a0rion@example.com", "ma\u2003rion@example.com"}) {
    EXPECT_EQ(CleanEmail(email), std::nullopt) << email;
  }
}

struct HandleCase {
  const char* network;
  const char* handle;
  std::optional<std::string> clean;
};

class CleanHandleTest : public testing::TestWithParam<HandleCase> {};

TEST_P(CleanHandleTest, GivesTheHandleAsItIsShown) {
  const HandleCase& c = GetParam();
  const auto network = std::find_if(Networks().begin(), Networks().end(),
                                    [&](const Network& n) { return n.field == c.network; });
  ASSERT_NE(network, Networks().end());
  EXPECT_EQ(CleanHandle(*network, c.handle), c.clean) << c.network << " " << c.handle;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CleanHandleTest,
    testing::Values(
        HandleCase{"linked_in", "in/msanford", "in/msanford"},
        HandleCase{"linked_in", "msanford", "in/msanford"},
        HandleCase{"linked_in", "/in/MSanford/", "in/MSanford"},
        HandleCase{"linked_in", "https://www.linkedin.com/in/msanford/", "in/msanford"},
        HandleCase{"linked_in", "HTTP://de.LinkedIn.com/in/msanford?trk=x#top", "in/msanford"},
        HandleCase{"linked_in", "linkedin.com/in/msanford", "in/msanford"},
        HandleCase{"linked_in", "https://www.linkedin.com/company/acme", std::nullopt},
        HandleCase{"linked_in", "in/", std::nullopt},
        HandleCase{"linked_in", "@in/msanford", std::nullopt},
        HandleCase{"linked_in", "//linkedin.com:443/in/msanford", "in/msanford"},
        HandleCase{"linked_in", "in/msanford?trk=x", "in/msanford"},
        HandleCase{"linked_in", "https://www.linkedin.com/in/msanford/de", "in/msanford"},
        HandleCase{"linked_in", "linkedin.com/in/msanford/details/skills/", "in/msanford"},
        HandleCase{"linked_in", "https://www.linkedin.com/feed/", std::nullopt},
        HandleCase{"linked_in", "linkedin.com", std::nullopt},
        HandleCase{"linked_in", "https://www.linkedin.com/in/jos%C3%A9-garc%c3%ada",
                   "in/josé-garcía"},
        HandleCase{"linked_in", "in/jos%25C3%25A9", "in/josé"},
        HandleCase{"linked_in", "in/marion%C2%A0sanford", std::nullopt},
        HandleCase{"linked_in", "in/%C3", std::nullopt},
        HandleCase{"linked_in", "in/%00", std::nullopt},
        HandleCase{"linked_in", "in/%2Fa", std::nullopt},
        HandleCase{"linked_in", "in/100%", "in/100%"},
        HandleCase{"linked_in", "https://www.linkedin.com/in/null", std::nullopt},
        HandleCase{"linked_in", "https://linkedin.com.evil.example/in/msanford", std::nullopt},
        HandleCase{"twitter", "@msanford", "msanford"},
        HandleCase{"twitter", "@@msanford", "msanford"},
        HandleCase{"twitter", "  msanford ", "msanford"},
        HandleCase{"twitter", "https://twitter.com/MSanford", "MSanford"},
        HandleCase{"twitter", "https://x.com/@msanford/", "msanford"},
        HandleCase{"twitter", "https://mobile.twitter.com/msanford?s=20", "msanford"},
        HandleCase{"twitter", "https://twitter.com/i/user/12345678", std::nullopt},
        HandleCase{"twitter", "https://notx.com/msanford", std::nullopt},
        HandleCase{"twitter", "@", std::nullopt}, HandleCase{"twitter", "", std::nullopt},
        HandleCase{"twitter", "m sanford", std::nullopt},
        HandleCase{"twitter", "\ufeff@\u200bmsanford\u00a0", "msanford"},
        HandleCase{"twitter", "https://x.com/home", std::nullopt},
        HandleCase{"twitter", "https://twitter.com/share?url=x", std::nullopt},
        HandleCase{"twitter", "https://x.com/@home", "home"},
        HandleCase{"twitter", "x.com", std::nullopt},
        HandleCase{"twitter", "www.twitter.com", std::nullopt},
        HandleCase{"twitter", "None", std::nullopt},
        HandleCase{"twitter", "@undefined", std::nullopt},
        HandleCase{"twitter", "https://x.com/", std::nullopt},
        HandleCase{"github", "https://github.com/msanford", "msanford"},
        HandleCase{"github", "github.com/msanford", "msanford"},
        HandleCase{"github", "https://github.com/msanford/crier", std::nullopt},
        HandleCase{"github", "https://github.com/login?return_to=x", std::nullopt},
        HandleCase{"discord", "msanford#1234", "msanford#1234"},
        HandleCase{"discord", "@msanford#1234", "msanford#1234"},
        HandleCase{"discord", "https://discord.com/users/msanford#1234", "msanford#1234"},
        HandleCase{"discord", "https://discord.com/login", std::nullopt},
        HandleCase{"youtube", "@msanford", "msanford"},
        HandleCase{"youtube", "https://www.youtube.com/watch?v=abc", std::nullopt},
        HandleCase{"youtube", "https://www.youtube.com/playlist/?list=abc", std::nullopt},
        HandleCase{"youtube", "https://www.youtube.com/@msanford/videos", "msanford"},
        HandleCase{"youtube", "https://www.youtube.com/channel/UCabc/featured", "UCabc"},
        HandleCase{"youtube", "https://www.youtube.com/msanford", "msanford"},
        HandleCase{"youtube", "https://www.youtube.com/channel/UCabc", "UCabc"},
        HandleCase{"youtube", "https://youtube.com/@msanford", "msanford"},
        HandleCase{"youtube", "youtube.com/c/msanford", "msanford"}));

TEST(IdentitiesOf, ComparesWithoutCaseExceptForExternalIds) {
  Contact contact;
  contact.add_all_emails("Marion@Example.com");
  contact.add_all_emails("marion@example.com");
  contact.mutable_linked_in()->set_handle("in/MSanford");
  contact.mutable_github()->set_handle("MSanford");
  contact.mutable_twitter()->set_user_id("12345678");  // no handle, hence no identity
  auto* external = contact.add_external_ids();
  external->set_source("CRM");
  external->set_id("Ab1");

  EXPECT_THAT(IdentitiesOf(7, contact),
              ElementsAre(Identity{7, IdentityKind::kEmail, "marion@example.com"},
                          Identity{7, IdentityKind::kExternalId, "3:CRMAb1"},
                          Identity{7, IdentityKind::kLinkedIn, "in/msanford"},
                          Identity{7, IdentityKind::kGithub, "msanford"}));
}

TEST(IdentitiesOf, KeepsSourceAndIdApart) {
  Contact one, other;
  one.add_external_ids()->set_source("a");
  one.mutable_external_ids(0)->set_id("bc");
  other.add_external_ids()->set_source("ab");
  other.mutable_external_ids(0)->set_id("c");

  EXPECT_FALSE(IdentitiesOf(1, one) == IdentitiesOf(1, other));
}

}  // namespace
}  // namespace crier::ingest
