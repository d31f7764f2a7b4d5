// What filters may say of the entities of the suite: one definition for whoever evaluates them in
// memory and whoever translates them into SQL, so that the same criteria mean the same everywhere.
#ifndef CRIER_COMMON_ENTITY_FILTER_SCHEMAS_H_
#define CRIER_COMMON_ENTITY_FILTER_SCHEMAS_H_

#include "common/filter/schema.h"

namespace crier::entity {

// Without regard to the case of ASCII letters: names, titles, labels, places, handles and e-mail
// addresses. As they are written: ids, URLs, keys and values of custom fields. A bare word is
// looked for in the names, titles and e-mail addresses. Resource names cannot be filtered by.
const filter::Schema& ContactFilterSchema();

// Domain and name are compared, and looked into, without regard to case.
const filter::Schema& OrganizationFilterSchema();

// The contact is that of ContactFilterSchema(), as `contact.…`. Labels (type, service, categories,
// tags, topics) and the title are compared without regard to case, and so is the content. A bare
// word is looked for in title, content and the contact's name.
const filter::Schema& ActivityFilterSchema();

// `id` and `name`; the name without regard to case.
const filter::Schema& SegmentFilterSchema();
const filter::Schema& TagFilterSchema();

}  // namespace crier::entity

#endif  // CRIER_COMMON_ENTITY_FILTER_SCHEMAS_H_
