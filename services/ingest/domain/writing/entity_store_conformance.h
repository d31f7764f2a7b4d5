// What every EntityStore must do.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_CONFORMANCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/fakes/test_records.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest {

// Instantiated with a function that makes an empty store, which has partitions for the present day.
class EntityStoreConformance : public testing::TestWithParam<std::unique_ptr<EntityStore> (*)()> {
 protected:
  std::vector<std::string> Ingest(const std::vector<Record>& records) {
    return IngestInto(*store_, records, absl::Now());
  }

  const std::unique_ptr<EntityStore> store_ = GetParam()();
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_CONFORMANCE_H_
