#include "services/ingest/domain/organization_domain.h"

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
  for (const char* text :
       {"", " ", "example", "co.uk", "github.io", "10.0.0.1", "[::1]", "a..com", "-a.com", "a-.com",
        "a b.com", "bücher.example", "https://", "Example Inc."}) {
    EXPECT_EQ(RegistrableDomain(text), std::nullopt) << text;
  }
  EXPECT_EQ(RegistrableDomain(std::string(64, 'a') + ".com"), std::nullopt);
}

TEST(IsFreeMailDomain, KnowsTheProvidersOfMailboxes) {
  EXPECT_TRUE(IsFreeMailDomain("gmail.com"));
  EXPECT_TRUE(IsFreeMailDomain("yahoo.co.uk"));
  EXPECT_FALSE(IsFreeMailDomain("example.com"));
}

}  // namespace
}  // namespace crier::ingest
