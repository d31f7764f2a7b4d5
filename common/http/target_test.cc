#include "common/http/target.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::http {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Literal(const std::string& url) {
  const absl::StatusOr<Target> target = ParseTarget(url);
  if (!target.ok() || !target->literal) return "";
  return AddressText(reinterpret_cast<const sockaddr&>(*target->literal));
}

TEST(Target, HasHostAndPort) {
  const absl::StatusOr<Target> target = ParseTarget("https://Hooks.example.com/a?b=c");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->host, "Hooks.example.com");
  EXPECT_EQ(target->port, 443);
  EXPECT_FALSE(target->literal.has_value());

  EXPECT_EQ(ParseTarget("http://example.com")->port, 80);
  EXPECT_EQ(ParseTarget("http://example.com:8080")->port, 8080);
}

TEST(Target, IsInAscii) {
  EXPECT_EQ(ParseTarget("https://xn--bcher-kva.example")->host, "xn--bcher-kva.example");
  // What it would become depends on the locale of the process.
  EXPECT_FALSE(ParseTarget("https://bücher.example").ok());
}

TEST(Target, KnowsEverySpellingOfAnAddress) {
  for (const char* const url :
       {"http://127.0.0.1/", "http://127.1/", "http://0x7f.1/", "http://0177.1/",
        "http://2130706433/", "http://%31%32%37.0.0.1/", "http:///127.0.0.1/"}) {
    EXPECT_EQ(Literal(url), "127.0.0.1") << url;
  }
  EXPECT_EQ(Literal("http://[::1]:8080/"), "::1");
  EXPECT_EQ(Literal("http://[0:0:0:0:0:ffff:7f00:1]/"), "::ffff:127.0.0.1");
}

TEST(Target, RefusesWhatMayNotBeCalled) {
  for (const char* const url :
       {"", "example.com:x", "ftp://secret.example.com/", "file:///etc/secret",
        "https://user@secret.example.com/", "https://user:pass@secret.example.com/",
        "https://[fe80::1%25eth0]/", "https://secret.example.com:99999/"}) {
    const absl::Status status = ParseTarget(url).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace crier::http
