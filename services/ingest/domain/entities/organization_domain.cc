#include "services/ingest/domain/entities/organization_domain.h"

#include <libpsl.h>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "services/ingest/domain/entities/host_name.h"

namespace crier::ingest {
namespace {

// The host of a URL, or the whole text when it is none.
absl::string_view HostOf(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "https://")) absl::ConsumePrefix(&text, "http://");
  text = text.substr(0, text.find_first_of("/?#"));
  const size_t user = text.rfind('@');
  if (user != absl::string_view::npos) text.remove_prefix(user + 1);
  text = text.substr(0, text.find(':'));
  absl::ConsumeSuffix(&text, ".");
  return text;
}

}  // namespace

std::optional<std::string> RegistrableDomain(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  const std::optional<std::string> host = AsciiHostName(HostOf(lower));
  if (!host) return std::nullopt;
  const char* const domain = psl_registrable_domain(psl_builtin(), host->c_str());
  if (domain == nullptr) return std::nullopt;
  return domain;
}

bool IsFreeMailDomain(absl::string_view domain) {
  static const auto* const domains = new absl::flat_hash_set<absl::string_view>{
      "126.com",        "163.com",        "abv.bg",          "alice.it",        "aliyun.com",
      "aol.com",        "aol.de",         "aol.fr",          "arcor.de",        "att.net",
      "bellsouth.net",  "bigpond.com",    "bk.ru",           "bluewin.ch",      "bol.com.br",
      "btinternet.com", "centrum.cz",     "charter.net",     "comcast.net",     "cox.net",
      "daum.net",       "docomo.ne.jp",   "duck.com",        "earthlink.net",   "email.com",
      "email.cz",       "ezweb.ne.jp",    "fastmail.com",    "fastmail.fm",     "foxmail.com",
      "free.fr",        "freemail.hu",    "freenet.de",      "frontier.com",    "gmail.com",
      "gmx.at",         "gmx.ch",         "gmx.com",         "gmx.de",          "gmx.fr",
      "gmx.net",        "googlemail.com", "hanmail.net",     "hey.com",         "hotmail.be",
      "hotmail.ca",     "hotmail.co.jp",  "hotmail.co.uk",   "hotmail.com",     "hotmail.com.ar",
      "hotmail.com.br", "hotmail.de",     "hotmail.es",      "hotmail.fr",      "hotmail.it",
      "hotmail.nl",     "hotmail.se",     "hushmail.com",    "icloud.com",      "ig.com.br",
      "inbox.lv",       "inbox.ru",       "interia.pl",      "juno.com",        "laposte.net",
      "libero.it",      "list.ru",        "live.be",         "live.ca",         "live.cn",
      "live.co.uk",     "live.com",       "live.com.au",     "live.com.mx",     "live.de",
      "live.dk",        "live.fr",        "live.it",         "live.jp",         "live.nl",
      "live.no",        "live.se",        "lycos.com",       "mac.com",         "mail.bg",
      "mail.com",       "mail.de",        "mail.ee",         "mail.ru",         "mailbox.org",
      "mailfence.com",  "mailinator.com", "me.com",          "msn.com",         "nate.com",
      "naver.com",      "netscape.net",   "ntlworld.com",    "o2.pl",           "onet.pl",
      "op.pl",          "optonline.net",  "optusnet.com.au", "orange.fr",       "outlook.at",
      "outlook.be",     "outlook.co.id",  "outlook.com",     "outlook.com.br",  "outlook.de",
      "outlook.dk",     "outlook.es",     "outlook.fr",      "outlook.ie",      "outlook.in",
      "outlook.it",     "outlook.jp",     "outlook.pt",      "passport.com",    "pm.me",
      "post.cz",        "posteo.de",      "proton.me",       "protonmail.ch",   "protonmail.com",
      "qq.com",         "rambler.ru",     "rediffmail.com",  "rocketmail.com",  "rogers.com",
      "runbox.com",     "sapo.pt",        "sbcglobal.net",   "seznam.cz",       "sfr.fr",
      "shaw.ca",        "sina.cn",        "sina.com",        "sky.com",         "skynet.be",
      "sohu.com",       "startmail.com",  "sympatico.ca",    "t-online.de",     "talktalk.net",
      "telenet.be",     "telus.net",      "terra.com.br",    "tiscali.it",      "tlen.pl",
      "tuta.com",       "tuta.io",        "tutanota.com",    "tutanota.de",     "ukr.net",
      "uol.com.br",     "verizon.net",    "virgilio.it",     "virginmedia.com", "vk.com",
      "vodafone.it",    "wanadoo.fr",     "web.de",          "windstream.net",  "wp.pl",
      "xtra.co.nz",     "yahoo.ca",       "yahoo.co.id",     "yahoo.co.in",     "yahoo.co.jp",
      "yahoo.co.kr",    "yahoo.co.nz",    "yahoo.co.uk",     "yahoo.co.za",     "yahoo.com",
      "yahoo.com.ar",   "yahoo.com.au",   "yahoo.com.br",    "yahoo.com.cn",    "yahoo.com.hk",
      "yahoo.com.mx",   "yahoo.com.ph",   "yahoo.com.sg",    "yahoo.com.tr",    "yahoo.com.tw",
      "yahoo.com.vn",   "yahoo.de",       "yahoo.dk",        "yahoo.es",        "yahoo.fr",
      "yahoo.gr",       "yahoo.ie",       "yahoo.in",        "yahoo.it",        "yahoo.nl",
      "yahoo.no",       "yahoo.pl",       "yahoo.ro",        "yahoo.se",        "yandex.by",
      "yandex.com",     "yandex.kz",      "yandex.ru",       "yandex.ua",       "yeah.net",
      "ymail.com",      "zoho.com",       "zohomail.com",    "zoznam.sk"};
  return domains->contains(domain);
}

}  // namespace crier::ingest
