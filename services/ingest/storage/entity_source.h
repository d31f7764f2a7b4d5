// Where each kind of entity is read from.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ENTITY_SOURCE_H_
#define CRIER_SERVICES_INGEST_STORAGE_ENTITY_SOURCE_H_

#include <string>

#include "services/ingest/domain/entity_reader.h"
#include "services/ingest/storage/filter_sql.h"

namespace crier::ingest::storage {

// The parts of a statement that reads one kind of entity.
struct EntitySource {
  const char* from;       // tables and aliases, without what only others need
  const char* community;  // column of the community
  const char* id;
  // What makes the message: comma-separated columns.
  const char* message;
  const char* message_bytes;  // the length of the message, roughly
  // Joins the contact of an activity, which `message` and some filters need.
  const char* join_contact;
  ColumnOf column_of;
};

const EntitySource& SourceOf(EntityKind kind);

// Whether a filter speaks of the contact of an activity, which is another table's.
bool NeedsContact(const filter::Condition& condition);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ENTITY_SOURCE_H_
