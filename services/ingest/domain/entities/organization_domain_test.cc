#include "services/ingest/domain/entities/organization_domain.h"

#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

TEST(RegistrableDomain, IsWhatWasRegisteredBelowAPublicSuffix) {
  EXPECT_EQ(RegistrableDomain("example.com"), "example.com");
  EXPECT_EQ(RegistrableDomain("www.shop.example.co.uk"), "example.co.uk");
  EXPECT_EQ(RegistrableDomain("team.acme.github.io"), "acme.github.io");
  EXPECT_EQ(RegistrableDomain("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(RegistrableDomain("eu.acme.unheardof"), "acme.unheardof");
}

TEST(RegistrableDomain, IsFoundInWhatPeopleType) {
  EXPECT_EQ(RegistrableDomain("  WWW.Example.COM. "), "example.com");
  EXPECT_EQ(RegistrableDomain("HTTPS://user@www.example.com:8443/about?x#y"), "example.com");
  EXPECT_EQ(RegistrableDomain("example.com/about"), "example.com");
}

TEST(RegistrableDomain, IsNotFoundWhereNothingIsRegistered) {
  for (const char* text : {"", " ", "example", "co.uk", "github.io", "10.0.0.1", "[::1]", "a..com",
                           "-a.com", "a-.com", "a b.com", "https://", "Example Inc."}) {
    EXPECT_EQ(RegistrableDomain(text), std::nullopt) << text;
  }
  EXPECT_EQ(RegistrableDomain(std::string(64, 'a') + ".com"), std::nullopt);
}

TEST(RegistrableDomain, OfUnicodeIsTheNameThatTheDnsHas) {
  EXPECT_EQ(RegistrableDomain("münchen.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(RegistrableDomain("https://www.MÜNCHEN.de/rathaus"), "xn--mnchen-3ya.de");
  EXPECT_EQ(RegistrableDomain("mu\u0308nchen.de"), "xn--mnchen-3ya.de") << "u and its dots apart";
  EXPECT_EQ(RegistrableDomain("xn--mnchen-3ya.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(RegistrableDomain("straße.de"), "xn--strae-oqa.de");
  EXPECT_EQ(RegistrableDomain("www.пример.рф"), "xn--e1afmkfd.xn--p1ai");
  EXPECT_EQ(RegistrableDomain("ｅｘａｍｐｌｅ。ｃｏｍ。"), "example.com");
}

TEST(RegistrableDomain, OfWhatLooksLikeAnotherIsAnother) {
  EXPECT_EQ(RegistrableDomain("аpple.com"), "xn--pple-43d.com") << "its first letter is Cyrillic";
  EXPECT_NE(RegistrableDomain("gооgle.com"), "google.com");
  // One character that stands for `a/c`, a full stop of `1.`, and an `@` of full width.
  for (const char* text : {"℀.com", "evil.com℀.example.com", "a⒈com", "user＠example.com"}) {
    EXPECT_EQ(RegistrableDomain(text), std::nullopt) << text;
  }
}

TEST(RegistrableDomain, IsNotFoundInUnicodeThatIsNoName) {
  for (const std::string& text :
       {std::string("\xff.com"), std::string("mün\xc3"), std::string("☃\0.com", 8),
        std::string("a\u0301\u200d.com"), std::string("\u0301a.com"), std::string("рф"),
        std::string("ü") + std::string(64, 'a') + ".com"}) {
    EXPECT_EQ(RegistrableDomain(text), std::nullopt) << text;
  }
  std::string labels;
  for (int i = 0; i < 100'000; ++i) labels += "ü.";
  EXPECT_EQ(RegistrableDomain(labels + "de"), std::nullopt);
  EXPECT_EQ(RegistrableDomain(std::string(300'000, '\xc3')), std::nullopt);
}

TEST(IsFreeMailDomain, KnowsTheProvidersOfMailboxes) {
  EXPECT_TRUE(IsFreeMailDomain("gmail.com"));
  EXPECT_TRUE(IsFreeMailDomain("yahoo.co.uk"));
  EXPECT_FALSE(IsFreeMailDomain("example.com"));
}

}  // namespace
}  // namespace crier::ingest
