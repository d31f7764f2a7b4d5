#include "services/delivery/storage/secret_store.h"

#include <string>
#include <vector>

#include "common/status/macros.h"
#include "services/delivery/storage/webhook_secrets.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {
namespace {

using crypto::KeyRing;
using pg::Params;
using pg::Rows;
using pg::Transaction;

// A sealed text, and the statement that puts another in its place.
struct Stored {
  SecretKind kind;
  WebhookId webhook;
  int key_number = 0;
  std::string sealed;
  const pg::Statement* replace;
};

absl::Status ResealOne(Transaction& transaction, const KeyRing& ring, const Stored& stored,
                       ResealedPage& page) {
  if (stored.sealed.empty() || ring.IsCurrent(stored.sealed)) return absl::OkStatus();
  const absl::StatusOr<std::string> text =
      OpenSecret(ring, stored.kind, stored.webhook, stored.key_number, stored.sealed);
  if (!text.ok()) {
    ++page.unreadable;
    page.problem = std::string(text.status().message());
    return absl::OkStatus();
  }
  Params params = Params().Add(stored.webhook.community).Add(stored.webhook.id);
  params.AddBytes(stored.sealed)
      .AddBytes(SealSecret(ring, stored.kind, stored.webhook, stored.key_number, *text));
  if (stored.kind == SecretKind::kSigningKey) params.Add(stored.key_number);
  ++page.resealed;
  return transaction.Execute(*stored.replace, params).status();
}

}  // namespace

absl::StatusOr<ResealedPage> PgSecretStore::Reseal(const WebhookId& after, int limit,
                                                   absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<ResealedPage> {
    const auto ring = rings_.Get();
    ResealedPage page;
    page.last = after;
    ASSIGN_OR_RETURN(
        const Rows webhooks,
        transaction.Execute(kScanSecrets, Params().Add(after.community).Add(after.id).Add(limit)));
    std::vector<Stored> all;
    std::vector<int64_t> communities, ids;
    for (const Rows::Row row : webhooks) {
      page.last = {row.Int64(0), row.Int64(1)};
      communities.push_back(page.last.community);
      ids.push_back(page.last.id);
      all.push_back({SecretKind::kHeaderSecret, page.last, 0, row.Bytes(2), &kReplaceSecret});
      all.push_back({SecretKind::kClientKey, page.last, 0, row.Bytes(3), &kReplaceClientKey});
      all.push_back({SecretKind::kCustomHeaders, page.last, 0, row.Bytes(4), &kReplaceHeaders});
    }
    page.webhooks = webhooks.size();
    ASSIGN_OR_RETURN(const Rows keys,
                     transaction.Execute(kScanKeys, Params().AddArray(communities).AddArray(ids)));
    for (const Rows::Row row : keys) {
      all.push_back({SecretKind::kSigningKey,
                     {row.Int64(0), row.Int64(1)},
                     row.Int32(2),
                     row.Bytes(3),
                     &kReplaceKey});
    }
    for (const Stored& stored : all) {
      RETURN_IF_ERROR(ResealOne(transaction, *ring, stored, page));
    }
    return page;
  });
}

absl::Status PgSecretStore::DeleteExpiredKeys(absl::Time deadline) {
  return pool_.Run(deadline, [](Transaction& transaction) {
    return transaction.Execute(kDeleteExpiredKeys).status();
  });
}

}  // namespace crier::delivery::storage
