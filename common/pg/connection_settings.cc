#include "common/pg/connection_settings.h"

#include <libpq-fe.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/pg/sql_error.h"
#include "common/pg/text_format.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

using Settings = std::map<std::string, std::string>;

absl::StatusOr<Settings> Parse(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), /*errmsg=*/nullptr), &PQconninfoFree);
  if (options == nullptr) return BadUrlError();
  Settings settings;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  return settings;
}

std::string Quoted(const std::string& value) {
  return absl::StrCat("'", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// Without the white space at the end, such as the new line that editors leave.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  std::ifstream file(path);
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return PasswordFileError(path);
  return std::string(absl::StripTrailingAsciiWhitespace(content));
}

// libpq counts in whole seconds, and takes less than two for two.
std::string TimeoutSeconds(absl::Duration timeout) {
  const absl::Duration whole = absl::Ceil(timeout, absl::Seconds(1));
  return absl::StrCat(std::max<int64_t>(2, absl::ToInt64Seconds(whole)));
}

}  // namespace

absl::StatusOr<std::string> ConnectionString(const Database& database,
                                             absl::Duration connect_timeout) {
  absl::StatusOr<Settings> settings = Parse(database.url);
  if (!settings.ok()) return settings.status();
  // `insert` keeps what the operator has chosen.
  settings->insert({
      {"connect_timeout", TimeoutSeconds(connect_timeout)},
      {"fallback_application_name",
       database.schema.empty() ? "crier" : absl::StrCat("crier/", database.schema)},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "3"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "20000"},
      {"target_session_attrs", "read-write"},
  });
  if (!database.password_file.empty()) {
    ASSIGN_OR_RETURN((*settings)["password"], ReadPassword(database.password_file));
  }
  (*settings)["client_encoding"] = "UTF8";

  std::string text;
  for (const auto& [key, value] : *settings) {
    absl::StrAppend(&text, text.empty() ? "" : " ", key, "=", Quoted(value));
  }
  return text;
}

std::string SessionSetup(const Database& database, bool by_index_only) {
  std::string sql =
      "SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, YMD'; SET bytea_output TO 'hex'; "
      "SET client_min_messages TO warning; "
      // To compile a statement takes longer than all that it could save in statements like ours.
      "SET jit TO off; "
      // A replica that hangs with a transaction open must not hold its locks for longer than the
      // leases that others take over from it meanwhile.
      "SET idle_in_transaction_session_timeout TO '5s'; "
      // The same when it hangs, or is cut off, with the server about to send it rows: no other
      // timeout of the server ends that. Means nothing on a Unix socket.
      "SET tcp_user_timeout TO '5s'; "
      "SET tcp_keepalives_idle TO '10s'; SET tcp_keepalives_interval TO '3s'; "
      "SET tcp_keepalives_count TO 3; "
      // What goes without a transaction (Pool::Read) cannot write; BEGIN says READ WRITE.
      "SET default_transaction_isolation TO 'read committed'; "
      "SET default_transaction_read_only TO on";
  if (by_index_only) {
    absl::StrAppend(&sql, "; SET enable_seqscan TO off; SET enable_hashjoin TO off",
                    "; SET enable_mergejoin TO off");
  }
  if (!database.schema.empty()) {
    absl::StrAppend(&sql, "; SET search_path TO ", QuoteIdentifier(database.schema));
  }
  return sql;
}

}  // namespace crier::pg
