#include "services/delivery/domain/webhooks/url_policy_options.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

TEST(UrlPolicyOptionsTest, ReadsAndChecksTheSettings) {
  TargetPolicy settings;
  config::Options options("test", "A test.", "1");
  AddPolicyOptions(options, "delivery.", &settings);
  const char* const arguments[] = {"test", "--delivery.allow-http=true",
                                   "--delivery.allowed-targets=127.0.0.0/8,fd12::/64",
                                   "--delivery.allowed-ports=1024-65535"};
  const char* const environment[] = {nullptr};

  const auto parsed = options.Parse(4, arguments, environment);

  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto policy = UrlPolicy::Create(settings);
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_FALSE(policy->CheckUrl("http://127.0.0.1:4000/hook").has_value());
}

TEST(UrlPolicyOptionsTest, RefusesWhatItCannotUnderstand) {
  TargetPolicy settings;
  config::Options options("test", "A test.", "1");
  AddPolicyOptions(options, "", &settings);
  const char* const arguments[] = {"test", "--allowed-targets=localhost"};
  const char* const environment[] = {nullptr};

  const auto parsed = options.Parse(2, arguments, environment);

  ASSERT_FALSE(parsed.ok());
  EXPECT_TRUE(absl::StrContains(parsed.status().message(), "allowed-targets"));
}

}  // namespace
}  // namespace crier::delivery
