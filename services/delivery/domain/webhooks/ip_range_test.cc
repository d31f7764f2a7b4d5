#include "services/delivery/domain/webhooks/ip_range.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

IpAddress Address(absl::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress{});
}

bool Contains(absl::string_view range, absl::string_view address) {
  const auto parsed = IpRange::Parse(range);
  EXPECT_TRUE(parsed.has_value()) << range;
  return parsed && parsed->Contains(Address(address));
}

TEST(IpAddressTest, TakesOnlyPlainForms) {
  EXPECT_FALSE(Address("192.0.2.1").v6);
  EXPECT_TRUE(Address("2606:4700::1111").v6);
  EXPECT_TRUE(Address("::ffff:127.0.0.1").v6);
  for (const char* text :
       {"", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "256.1.1.1", "127.0.0.1.",
        " 127.0.0.1", "127.0.0.1 ", "fe80::1%eth0", "::1::", "a"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(absl::string_view("127.0.0.1\0x", 11)).has_value());
}

TEST(IpAddressTest, ReadsSocketAddresses) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
  sockaddr_un local = {};
  local.sun_family = AF_UNIX;

  EXPECT_EQ(IpAddress::From(reinterpret_cast<const sockaddr&>(v4))->bytes,
            Address("192.0.2.1").bytes);
  EXPECT_EQ(IpAddress::From(reinterpret_cast<const sockaddr&>(v6))->bytes,
            Address("2001:db8::1").bytes);
  EXPECT_FALSE(IpAddress::From(reinterpret_cast<const sockaddr&>(local)).has_value());
}

TEST(IpAddressTest, FindsTheEmbeddedIpv4Address) {
  for (const char* text : {"::10.1.2.3", "::ffff:10.1.2.3", "::ffff:0:10.1.2.3",
                           "64:ff9b::10.1.2.3", "64:ff9b:1::10.1.2.3", "2002:a01:203::1"}) {
    const auto embedded = Address(text).Embedded();
    ASSERT_TRUE(embedded.has_value()) << text;
    EXPECT_EQ(embedded->bytes, Address("10.1.2.3").bytes) << text;
  }
  EXPECT_FALSE(Address("2606:4700::1111").Embedded().has_value());
  EXPECT_FALSE(Address("10.1.2.3").Embedded().has_value());
  EXPECT_FALSE(Address("::1").Embedded().has_value());
  EXPECT_FALSE(Address("::").Embedded().has_value());
}

TEST(IpRangeTest, ContainsItsEdgesAndNothingBeyond) {
  EXPECT_TRUE(Contains("172.16.0.0/12", "172.16.0.0"));
  EXPECT_TRUE(Contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(Contains("172.16.0.0/12", "172.15.255.255"));
  EXPECT_FALSE(Contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(Contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(Contains("2001::/23", "2001:1ff::1"));
  EXPECT_FALSE(Contains("2001::/23", "2001:200::1"));
  EXPECT_TRUE(Contains("::1", "::1"));
  EXPECT_FALSE(Contains("::1", "::2"));
}

TEST(IpRangeTest, RefusesMalformedBlocks) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.1/8", "fd00::/129", "fd00::1/64", "10.0.0/8", "host/8", "10.0.0.0/ 8"}) {
    EXPECT_FALSE(IpRange::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace crier::delivery
