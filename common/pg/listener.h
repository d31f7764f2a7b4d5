// LISTEN on a connection of its own.
#ifndef CRIER_COMMON_PG_LISTENER_H_
#define CRIER_COMMON_PG_LISTENER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/pg/pool.h"

namespace crier::pg {

// The channel `name` of a schema: channels are common to all schemas of a database. Longer names
// than Postgres takes are cut, so schemas with long names may share one: listeners must bear to be
// told of their neighbours' news.
std::string ChannelOf(absl::string_view name, absl::string_view schema);

// Calls back, from a thread of its own, for every notification on a channel. Reconnects by itself,
// and then calls `on_gap`, because notifications were missed. Needs a direct connection, not one
// through a transaction-pooling PgBouncer. The first attempt is made at once, the next after a
// pause that grows to 5 s.
//
// Callbacks run one at a time; while one does, notifications wait in the server. Postgres folds
// equal payloads of one transaction into one.
class Listener {
 public:
  struct Callbacks {
    // The payload of a notification.
    std::function<void(absl::string_view payload)> on_notify;
    // Connected (first time or again): everything before may have been missed.
    std::function<void()> on_gap;
  };

  // Starts listening to a channel, as ChannelOf() names it: at most 63 bytes, any characters.
  Listener(Database database, std::string channel, Callbacks callbacks);

  // Stops and waits for the thread; no callback runs afterwards.
  // Prompt, also while connecting. Not from a callback.
  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_LISTENER_H_
