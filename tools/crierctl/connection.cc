#include "tools/crierctl/connection.h"

namespace crier::crierctl {
namespace {

const std::string& AddressOf(const std::string& own, const Settings& settings) {
  return own.empty() ? settings.server : own;
}

}  // namespace

IngestClient ConnectIngest(const Settings& settings) {
  return {AddressOf(settings.ingest_server, settings), settings};
}

EntityClient ConnectEntities(const Settings& settings) {
  return {AddressOf(settings.ingest_server, settings), settings};
}

EventClient ConnectEvents(const Settings& settings) {
  return {AddressOf(settings.ingest_server, settings), settings};
}

WorkflowClient ConnectWorkflows(const Settings& settings) {
  return {AddressOf(settings.workflow_server, settings), settings};
}

RunClient ConnectRuns(const Settings& settings) {
  return {AddressOf(settings.workflow_server, settings), settings};
}

WebhookClient ConnectWebhooks(const Settings& settings) {
  return {AddressOf(settings.delivery_server, settings), settings};
}

DeliveryClient ConnectDeliveries(const Settings& settings) {
  return {AddressOf(settings.delivery_server, settings), settings};
}

RecoveryClient ConnectRecoveries(const Settings& settings) {
  return {AddressOf(settings.delivery_server, settings), settings};
}

}  // namespace crier::crierctl
