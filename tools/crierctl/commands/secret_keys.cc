// crierctl secret-keys: the file of keys that the delivery service stores secrets under.
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "common/crypto/key_ring.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/failure.h"

namespace crier::crierctl {
namespace {

// Unlike others before it, and in the order of their making.
std::string DefaultId() { return absl::FormatTime("%Y%m%d", absl::Now(), absl::UTCTimeZone()); }

absl::Status New(Session& session, const std::string& given_id) {
  const std::string id = given_id.empty() ? DefaultId() : given_id;
  const std::string line = crypto::KeyRing::MakeLine(id);
  if (!crypto::KeyRing::Parse(line).ok()) {
    return UsageError("an id is 1 to 32 letters, digits, `-` and `_`");
  }
  session.out << line << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddSecretKeysCommand(CLI::App& app, Session& session) {
  CLI::App& command =
      *app.add_subcommand("secret-keys", "The keys that webhooks' secrets are stored under");
  command.require_subcommand(1);
  const auto id = std::make_shared<std::string>();
  CLI::App& make = *command.add_subcommand(
      "new", "Print a line with a new key for the file that secret-keys-file names");
  make.add_option("--id", *id, "What to call it (today's date when not given)");
  make.footer(
      "To begin:  (umask 077; crierctl secret-keys new > keys)\n"
      "To change keys: put the new line behind the others, wherever the service runs; then move it "
      "to the front; take the old one away when the metric crier_delivery_secrets_stale is 0 and "
      "the log says that secrets are sealed under the first key.");
  OnRun(make, session, [&session, id] { return New(session, *id); });
}

}  // namespace crier::crierctl
