// The statements of PgWorkflowStore.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

// In the statements: state 1 is disabled, 3 is deleted.

constexpr pg::Statement kCountWorkflows{
    "count_workflows", "SELECT count(*) FROM workflows WHERE community_id = $1 AND state <> 3"};

// No row when the request id is taken; then the other call has committed. NULL is taken by nobody.
constexpr pg::Statement kInsertWorkflow{
    "insert_workflow",
    "INSERT INTO workflows (community_id, template, display_name, webhook_id, request_id,"
    " create_time, update_time, filter, schedule_time_zone, schedule_hours, schedule_minutes,"
    " max_deliveries_per_day, state, version, stop_reason)"
    " VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, 1, 1, 0)"
    " ON CONFLICT (community_id, request_id) DO NOTHING"
    " RETURNING community_id, workflow_id, template, display_name, webhook_id, state,"
    " create_time, update_time, version, filter, stop_reason, schedule_time_zone, schedule_hours,"
    " schedule_minutes, max_deliveries_per_day"};

// Deleted ones too.
constexpr pg::Statement kFindByRequestId{
    "find_workflow_by_request_id",
    "SELECT community_id, workflow_id, template, display_name, webhook_id, state,"
    " create_time, update_time, version, filter, stop_reason, schedule_time_zone, schedule_hours,"
    " schedule_minutes, max_deliveries_per_day"
    " FROM workflows WHERE community_id = $1 AND request_id = $2"};

constexpr pg::Statement kGetWorkflow{
    "get_workflow",
    "SELECT community_id, workflow_id, template, display_name, webhook_id, state,"
    " create_time, update_time, version, filter, stop_reason, schedule_time_zone, schedule_hours,"
    " schedule_minutes, max_deliveries_per_day"
    " FROM workflows WHERE community_id = $1 AND workflow_id = $2 AND state <> 3"};

// Holds off every other change of the workflow until the end of the transaction.
constexpr pg::Statement kLockWorkflow{
    "lock_workflow",
    "SELECT community_id, workflow_id, template, display_name, webhook_id, state,"
    " create_time, update_time, version, filter, stop_reason, schedule_time_zone, schedule_hours,"
    " schedule_minutes, max_deliveries_per_day"
    " FROM workflows WHERE community_id = $1 AND workflow_id = $2 AND state <> 3 FOR UPDATE"};

constexpr pg::Statement kListWorkflows{
    "list_workflows",
    "SELECT community_id, workflow_id, template, display_name, webhook_id, state,"
    " create_time, update_time, version, filter, stop_reason, schedule_time_zone, schedule_hours,"
    " schedule_minutes, max_deliveries_per_day"
    " FROM workflows WHERE community_id = $1 AND workflow_id > $2 AND state <> 3"
    " ORDER BY workflow_id LIMIT $3"};

// Each once, by the index workflows_by_enabled_webhook. State 2 is enabled.
constexpr pg::Statement kEnabledWebhooks{
    "enabled_webhooks",
    "SELECT DISTINCT community_id, webhook_id FROM workflows"
    " WHERE state = 2 AND (community_id, webhook_id) > ($1, $2)"
    " ORDER BY community_id, webhook_id LIMIT $3"};

constexpr pg::Statement kEnabledSenders{
    "enabled_senders",
    "SELECT community_id, workflow_id FROM workflows"
    " WHERE state = 2 AND community_id = $1 AND webhook_id = $2 ORDER BY workflow_id"};

constexpr pg::Statement kUpdateWorkflow{
    "update_workflow",
    "UPDATE workflows SET display_name = $3, webhook_id = $4, state = $5, update_time = $6,"
    " version = $7, filter = $8, stop_reason = $9, schedule_time_zone = $10, schedule_hours = $11,"
    " schedule_minutes = $12, max_deliveries_per_day = $13"
    " WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kLastBoundary{
    "last_boundary_of_workflow",
    "SELECT coalesce(max(coalesce(until_position, from_position)), 0)"
    " FROM workflow_revisions WHERE community_id = $1 AND workflow_id = $2"};

// A revision that would cover nothing leaves no trace: this comes before kCloseRevision.
constexpr pg::Statement kDropEmptyRevision{
    "drop_empty_revision",
    "DELETE FROM workflow_revisions WHERE community_id = $1 AND workflow_id = $2"
    " AND until_position IS NULL AND from_position = $3"};

constexpr pg::Statement kCloseRevision{
    "close_revision",
    "UPDATE workflow_revisions SET until_position = $3"
    " WHERE community_id = $1 AND workflow_id = $2 AND until_position IS NULL"};

constexpr pg::Statement kOpenRevision{
    "open_revision",
    "INSERT INTO workflow_revisions (community_id, workflow_id, log_partition, template,"
    " display_name, webhook_id, from_position, filter, max_deliveries_per_day, time_zone)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

constexpr pg::Statement kMoveCatalogVersion{
    "move_catalog_version",
    "INSERT INTO catalog_versions (log_partition, version) VALUES ($1, 1)"
    " ON CONFLICT (log_partition) DO UPDATE SET version = catalog_versions.version + 1"};

// One row for each of the partitions, in their order.
constexpr pg::Statement kGetCatalogVersions{
    "get_catalog_versions",
    "SELECT coalesce(v.version, 0)"
    " FROM unnest($1::integer[]) WITH ORDINALITY AS wanted (log_partition, place)"
    " LEFT JOIN catalog_versions v USING (log_partition) ORDER BY wanted.place"};

constexpr pg::Statement kDropPassedRevisions{
    "drop_passed_revisions",
    "DELETE FROM workflow_revisions WHERE log_partition = $1 AND until_position <= $2"};

constexpr pg::Statement kGetRevisions{
    "get_revisions",
    "SELECT community_id, workflow_id, template, webhook_id, display_name, from_position,"
    " until_position, filter, max_deliveries_per_day, time_zone FROM workflow_revisions WHERE "
    "log_partition = $1"};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_SQL_H_
