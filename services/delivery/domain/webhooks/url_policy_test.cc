#include "services/delivery/domain/webhooks/url_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

UrlPolicy PolicyOf(const TargetPolicy& settings) {
  auto policy = UrlPolicy::Create(settings);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *policy;
}

// As the sender asks: with a socket address.
bool AddressAllowed(const UrlPolicy& policy, const std::string& text) {
  sockaddr_in v4 = {};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return policy.AddressAllowed(reinterpret_cast<const sockaddr&>(v4));
  }
  sockaddr_in6 v6 = {};
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
  v6.sin6_family = AF_INET6;
  return policy.AddressAllowed(reinterpret_cast<const sockaddr&>(v6));
}

bool UrlAllowed(const UrlPolicy& policy, const std::string& url) {
  return !policy.CheckUrl(url).has_value();
}

// A row of testdata/url_policy_cases.tsv. `dns` is what the host resolves to.
struct Case {
  std::string id;
  std::string url;
  std::vector<std::string> dns;
  bool allow;
  std::string layer;
};

std::vector<Case> ReadCases() {
  std::ifstream file(CRIER_TESTDATA "/url_policy_cases.tsv");
  std::vector<Case> cases;
  std::string line;
  std::getline(file, line);  // the heads of the columns
  while (std::getline(file, line)) {
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    if (columns.size() < 5) {
      ADD_FAILURE() << "malformed row: " << line;
      continue;
    }
    Case row{columns[0], columns[1], {}, columns[3] == "allow", columns[4]};
    row.dns = absl::StrSplit(columns[2], ';', absl::SkipEmpty());
    if (row.url == "(empty)") row.url.clear();
    row.url = absl::StrReplaceAll(row.url, {{"LABEL64", std::string(64, 'a')},
                                            {"PATH5000", std::string(5000, 'a')},
                                            {"<CR>", "\r"},
                                            {"<LF>", "\n"}});
    cases.push_back(row);
  }
  return cases;
}

std::string LayerOf(UrlRefusal::Rule rule) {
  switch (rule) {
    case UrlRefusal::Rule::kSyntax:
      return "syntax";
    case UrlRefusal::Rule::kScheme:
      return "scheme";
    case UrlRefusal::Rule::kPort:
      return "port";
    case UrlRefusal::Rule::kHost:
      return "host";
    case UrlRefusal::Rule::kLiteral:
      return "literal";
    case UrlRefusal::Rule::kAddress:
      return "ip";
  }
}

TEST(UrlPolicyTest, DecidesEveryCaseOfTheTable) {
  const UrlPolicy policy = PolicyOf({});
  const std::vector<Case> cases = ReadCases();
  ASSERT_GT(cases.size(), 100u);

  for (const Case& row : cases) {
    SCOPED_TRACE(absl::StrCat(row.id, " ", row.url));
    const auto refusal = policy.CheckUrl(row.url);
    const bool addresses_allowed =
        std::all_of(row.dns.begin(), row.dns.end(),
                    [&](const std::string& address) { return AddressAllowed(policy, address); });

    if (row.allow) {
      EXPECT_FALSE(refusal.has_value()) << refusal->description;
      EXPECT_TRUE(addresses_allowed);
    } else if (refusal) {
      EXPECT_EQ(LayerOf(refusal->rule), row.layer) << refusal->description;
    } else {
      EXPECT_EQ(row.layer, "ip");
      EXPECT_FALSE(addresses_allowed);
    }
  }
}

TEST(UrlPolicyTest, RefusesControlCharactersAndBytesBeyondAscii) {
  const UrlPolicy policy = PolicyOf({});

  for (const char* url :
       {"https://hooks.example.com/a\r\nx: y", "https://hooks.example.com/\n",
        "https://hooks.example.com\r/", "https://hooks.example.com/\x7f",
        "https://hooks.example.com/caf\xc3\xa9", "https:///127.0.0.1/hook", "https://", "https",
        "//hooks.example.com/", "https://[]/", "https://:443/", "https://hooks.example.com:/",
        "https://[2606:4700::1111]x/"}) {
    EXPECT_FALSE(UrlAllowed(policy, url)) << url;
  }
  EXPECT_FALSE(UrlAllowed(policy, std::string("https://hooks.example.com/\0x", 28)));
  EXPECT_FALSE(UrlAllowed(policy, std::string("https://hooks.example.com\0.evil.org/", 36)));
}

TEST(UrlPolicyTest, LimitsTheLength) {
  const UrlPolicy policy = PolicyOf({});
  const std::string base = "https://hooks.example.com/";

  EXPECT_TRUE(UrlAllowed(policy, base + std::string(2048 - base.size(), 'a')));
  EXPECT_FALSE(UrlAllowed(policy, base + std::string(2049 - base.size(), 'a')));
}

TEST(UrlPolicyTest, HttpOnlyWhereTheOperatorPermitsIt) {
  TargetPolicy settings;
  settings.allow_http = true;

  EXPECT_FALSE(UrlAllowed(PolicyOf({}), "http://hooks.example.com/"));
  EXPECT_FALSE(UrlAllowed(PolicyOf({}), "http://hooks.example.com:443/"));
  EXPECT_TRUE(UrlAllowed(PolicyOf(settings), "http://hooks.example.com/"));
  EXPECT_TRUE(UrlAllowed(PolicyOf(settings), "HTTPS://hooks.example.com/"));
  EXPECT_FALSE(UrlAllowed(PolicyOf(settings), "ftp://hooks.example.com/"));
}

TEST(UrlPolicyTest, PortsAreThoseOfTheOperator) {
  TargetPolicy settings;
  settings.allowed_ports = {"443", "9000-9002"};
  const UrlPolicy policy = PolicyOf(settings);

  EXPECT_TRUE(UrlAllowed(policy, "https://hooks.example.com/"));
  EXPECT_TRUE(UrlAllowed(policy, "https://hooks.example.com:9000/"));
  EXPECT_TRUE(UrlAllowed(policy, "https://hooks.example.com:9002/"));
  EXPECT_FALSE(UrlAllowed(policy, "https://hooks.example.com:8999/"));
  EXPECT_FALSE(UrlAllowed(policy, "https://hooks.example.com:9003/"));
  EXPECT_FALSE(UrlAllowed(policy, "https://hooks.example.com:8443/"));
}

TEST(UrlPolicyTest, HostsOfTheOperatorNeedNoPublicName) {
  TargetPolicy settings;
  settings.allowed_hosts = {"n8n", "*.corp"};
  const UrlPolicy policy = PolicyOf(settings);

  EXPECT_TRUE(UrlAllowed(policy, "https://N8N/hook"));
  EXPECT_TRUE(UrlAllowed(policy, "https://a.b.corp/hook"));
  EXPECT_FALSE(UrlAllowed(policy, "https://corp/hook"));
  EXPECT_FALSE(UrlAllowed(policy, "https://acorp/hook"));
  EXPECT_FALSE(UrlAllowed(policy, "https://x.n8n.internal/hook"));
  EXPECT_FALSE(AddressAllowed(policy, "10.0.0.1"));
}

TEST(UrlPolicyTest, TargetsOfTheOperatorNeedNoPublicAddress) {
  TargetPolicy settings;
  settings.allowed_targets = {"10.20.0.0/16", "fd12::/64", "127.0.0.1"};
  const UrlPolicy policy = PolicyOf(settings);

  EXPECT_TRUE(AddressAllowed(policy, "10.20.255.1"));
  EXPECT_FALSE(AddressAllowed(policy, "10.21.0.1"));
  EXPECT_TRUE(AddressAllowed(policy, "fd12::9"));
  EXPECT_TRUE(UrlAllowed(policy, "https://127.0.0.1/hook"));
  EXPECT_FALSE(UrlAllowed(policy, "https://127.0.0.2/hook"));
  EXPECT_TRUE(UrlAllowed(policy, "https://[fd12::9]/hook"));
}

TEST(UrlPolicyTest, MetadataServicesStayRefused) {
  TargetPolicy settings;
  settings.allowed_targets = {"0.0.0.0/0", "::/0"};
  const UrlPolicy policy = PolicyOf(settings);

  EXPECT_TRUE(AddressAllowed(policy, "10.0.0.1"));
  for (const char* address :
       {"169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192",
        "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
        "::169.254.169.254"}) {
    EXPECT_FALSE(AddressAllowed(policy, address)) << address;
  }
}

TEST(UrlPolicyTest, TranslatedAddressesNeedToBePermittedInBothForms) {
  TargetPolicy settings;
  settings.allowed_targets = {"64:ff9b::/96"};
  const UrlPolicy policy = PolicyOf(settings);

  EXPECT_TRUE(AddressAllowed(policy, "64:ff9b::808:808"));
  EXPECT_FALSE(AddressAllowed(policy, "64:ff9b::a00:1"));
}

TEST(UrlPolicyTest, RefusesOtherKindsOfAddress) {
  sockaddr local = {};
  local.sa_family = AF_UNIX;
  TargetPolicy settings;
  settings.allowed_targets = {"0.0.0.0/0", "::/0"};

  EXPECT_FALSE(PolicyOf(settings).AddressAllowed(local));
}

TEST(UrlPolicyTest, NamesTheSettingThatIsWrong) {
  const auto error = [](TargetPolicy settings) {
    return std::string(UrlPolicy::Create(settings).status().message());
  };
  TargetPolicy targets, ports, reversed, hosts;
  targets.allowed_targets = {"10.0.0.1/8"};
  ports.allowed_ports = {"0"};
  reversed.allowed_ports = {"9-8"};
  hosts.allowed_hosts = {"a b"};

  EXPECT_TRUE(absl::StartsWith(error(targets), "allowed-targets: \"10.0.0.1/8\""))
      << error(targets);
  EXPECT_TRUE(absl::StartsWith(error(ports), "allowed-ports: \"0\"")) << error(ports);
  EXPECT_TRUE(absl::StartsWith(error(reversed), "allowed-ports: \"9-8\"")) << error(reversed);
  EXPECT_TRUE(absl::StartsWith(error(hosts), "allowed-hosts: \"a b\"")) << error(hosts);
}

}  // namespace
}  // namespace crier::delivery
