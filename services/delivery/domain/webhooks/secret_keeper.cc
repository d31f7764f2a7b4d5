#include "services/delivery/domain/webhooks/secret_keeper.h"

#include <utility>

#include "common/log/log.h"

namespace crier::delivery {
namespace {

constexpr int kWebhooksAtOnce = 200;
constexpr absl::Duration kTimeout = absl::Seconds(30);

// How soon a changed file is seen.
constexpr absl::Duration kReloadEvery = absl::Seconds(10);
constexpr absl::Duration kPassEvery = absl::Hours(1);
constexpr absl::Duration kPause = absl::Milliseconds(20);

}  // namespace

SecretKeeper::SecretKeeper(SecretStore& store, crypto::KeyRingHolder& rings, std::string path,
                           const Clock& clock, metrics::Registry& metrics)
    : store_(store),
      rings_(rings),
      path_(std::move(path)),
      clock_(clock),
      stale_(metrics.Gauge("crier_delivery_secrets_stale",
                           "Stored secrets that the last pass could not seal under the first key "
                           "of the ring, because their own is not in it.")),
      resealed_total_(metrics.Counter("crier_delivery_secrets_resealed_total",
                                      "Stored secrets sealed anew, under the first key.")),
      reload_failures_(metrics.Counter("crier_delivery_key_ring_reload_failures_total",
                                       "Times that the key ring could not be read again.")) {}

absl::Duration SecretKeeper::Run() {
  Reload();
  if (!passing_ && clock_.Now() < next_pass_) return kReloadEvery;
  passing_ = true;
  const absl::StatusOr<ResealedPage> page =
      store_.Reseal(pass_.after, kWebhooksAtOnce, clock_.Now() + kTimeout);
  if (!page.ok()) {
    log::Warning("the pass over stored secrets waits for the database",
                 {{"status", page.status()}});
    return kReloadEvery;
  }
  pass_.after = page->last;
  pass_.resealed += page->resealed;
  resealed_total_.Increment(page->resealed);
  pass_.unreadable += page->unreadable;
  if (!page->problem.empty()) pass_.problem = page->problem;
  if (page->webhooks == kWebhooksAtOnce) return kPause;
  EndPass();
  return kReloadEvery;
}

void SecretKeeper::Reload() {
  if (path_.empty()) return;
  const absl::StatusOr<bool> changed = rings_.Reload(path_);
  if (!changed.ok()) {
    reload_failures_.Increment();
    if (!reload_failed_) {
      log::Error("the key ring cannot be read again; the one in use stays",
                 {{"status", changed.status()}});
    }
  } else if (*changed) {
    log::Info("the key ring has changed; stored secrets are sealed under its first key");
    passing_ = true;
    pass_ = {};
  }
  reload_failed_ = !changed.ok();
}

void SecretKeeper::EndPass() {
  if (pass_.unreadable > 0) {
    log::Error("stored secrets cannot be read; nothing is sent to their webhooks",
               {{"secrets", pass_.unreadable}, {"problem", pass_.problem}});
  }
  if (pass_.resealed > 0) {
    log::Info("stored secrets are sealed under the first key of the ring",
              {{"secrets", pass_.resealed}});
  }
  stale_.Set(pass_.unreadable);
  const absl::Status status = store_.DeleteExpiredKeys(clock_.Now() + kTimeout);
  if (!status.ok()) log::Warning("expired signing keys stay for now", {{"status", status}});
  passing_ = false;
  next_pass_ = clock_.Now() + kPassEvery;
  pass_ = {};
}

}  // namespace crier::delivery
