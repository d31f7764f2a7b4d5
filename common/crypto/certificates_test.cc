#include "common/crypto/certificates.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace crier::crypto {
namespace {

// Made for these tests by `openssl req -x509`, with its key, and the key of another.
constexpr char kCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBeDCCAR+gAwIBAgIUbRaho3f46d9zN0dir+dQEX/ZjPgwCgYIKoZIzj0EAwIw\n"
    "ETEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEyODAwMTUzNFoYDzIxMjYxMTA0MDAx\n"
    "NTM0WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AAS9UjqVVLCKNOnEeYveAwEM+vI7QdKqk9zCn5U+Yui1vZD2KIpozY5L7P66iBDm\n"
    "owEkYKX+eTswxNQrcUzhEbfko1MwUTAdBgNVHQ4EFgQUU3Mwp49bN/OVUqOfG7Vz\n"
    "iLKWpsMwHwYDVR0jBBgwFoAUU3Mwp49bN/OVUqOfG7VziLKWpsMwDwYDVR0TAQH/\n"
    "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAjOx/I0bmKRP10BOhRJf94/Esv6caH\n"
    "rtS6Sqa+be0MSAIgCuXSXyLZCdfyF2oYNDBHAdDJNFDKJ22gD8JtGYTmILI=\n"
    "-----END CERTIFICATE-----\n";
constexpr char kKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvq23IvLFRGejcA9L\n"
    "0CJ8yylQZUmdiD3WsUaISICPsuehRANCAAS9UjqVVLCKNOnEeYveAwEM+vI7QdKq\n"
    "k9zCn5U+Yui1vZD2KIpozY5L7P66iBDmowEkYKX+eTswxNQrcUzhEbfk\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kOtherKey[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIJYSxGVzLw3TvdjKpx8vjixT7yKcg/C6lAF7ntu1jWKMoAoGCCqGSM49\n"
    "AwEHoUQDQgAEnnWMzDhoabCKhjwOmFaGoExXJss/D5dpSJW4qTKGHGt9Ui1J1e7C\n"
    "WC4yP/RFRS6LAViO+Y2xyLLoAcfLqfrwFA==\n"
    "-----END EC PRIVATE KEY-----\n";

TEST(CertificatesTest, TakesCertificatesWithTheTextAroundThem) {
  EXPECT_TRUE(CheckCertificates(kCertificate).ok());
  EXPECT_TRUE(CheckCertificates(absl::StrCat(kCertificate, kCertificate)).ok());
  EXPECT_TRUE(CheckCertificates(absl::StrCat("subject=CN = client\n", kCertificate)).ok());
}

TEST(CertificatesTest, RefusesWhatIsNoneOrBroken) {
  for (const std::string& pem :
       {std::string(), std::string("certificate"), std::string(kCertificate).substr(0, 200),
        absl::StrCat(kCertificate,
                     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    EXPECT_FALSE(CheckCertificates(pem).ok()) << pem;
  }
}

// As files often have it; what is taken for a certificate is stored and shown as one.
TEST(CertificatesTest, RefusesAKeyBesideTheCertificate) {
  for (const char* key : {kKey, kOtherKey}) {
    EXPECT_FALSE(CheckCertificates(absl::StrCat(kCertificate, key)).ok());
    EXPECT_FALSE(CheckCertificates(absl::StrCat(key, kCertificate)).ok());
  }
}

TEST(CertificatesTest, TakesKeysWithoutPassword) {
  EXPECT_TRUE(CheckPrivateKey(kKey).ok());
  EXPECT_TRUE(CheckPrivateKey(kOtherKey).ok());

  EXPECT_FALSE(CheckPrivateKey("").ok());
  EXPECT_FALSE(CheckPrivateKey(kCertificate).ok());
  EXPECT_FALSE(CheckPrivateKey(std::string(kKey).substr(0, 100)).ok());
}

TEST(CertificatesTest, TheKeyMustBelongToTheCertificate) {
  EXPECT_TRUE(CheckKeyPair(kCertificate, kKey).ok());

  EXPECT_FALSE(CheckKeyPair(kCertificate, kOtherKey).ok());
  EXPECT_FALSE(CheckKeyPair(kKey, kKey).ok());
}

}  // namespace
}  // namespace crier::crypto
