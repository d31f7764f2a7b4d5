#include "tools/crierctl/commands/workflow_fields.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace crier::crierctl {
namespace {

void AddDailyAt(CLI::App& command, WorkflowFields& fields) {
  command.add_option_function<std::string>(
      "--daily-at",
      [&fields](const std::string& text) {
        const std::vector<std::string> parts = absl::StrSplit(text, ':');
        int hours = 0;
        int minutes = 0;
        if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &hours) ||
            !absl::SimpleAtoi(parts[1], &minutes)) {
          throw CLI::ValidationError("--daily-at", "must be a time of day, for example 09:00");
        }
        fields.workflow.mutable_schedule()->set_hours(hours);
        fields.workflow.mutable_schedule()->set_minutes(minutes);
        fields.daily_at_given = true;
        fields.mask.add_paths("schedule");
      },
      "When the daily run begins, HH:MM (members-that-meet-criteria only)");
}

}  // namespace

void AddWorkflowFields(CLI::App& command, WorkflowFields& fields) {
  command.add_option_function<std::string>(
      "--display-name",
      [&fields](const std::string& name) {
        fields.workflow.set_display_name(name);
        fields.mask.add_paths("display_name");
      },
      "Name for people; appears in enveloped payloads");
  command.add_option("--webhook", fields.webhook, "Where to send: the webhook's number or name");
  command.add_option_function<std::string>(
      "--filter",
      [&fields](const std::string& filter) {
        fields.workflow.set_filter(filter);
        fields.mask.add_paths("filter");
      },
      "Criteria, for example 'lead_score >= 80 AND tags.name:VIP'; empty ('') when everything is "
      "to be sent");
  AddDailyAt(command, fields);
  command.add_option_function<std::string>(
      "--time-zone",
      [&fields](const std::string& zone) {
        fields.workflow.mutable_schedule()->set_time_zone(zone);
        fields.mask.add_paths("schedule");
      },
      "Time zone of the daily run and of the day of the cap, for example Europe/Berlin");
  command.add_option_function<int64_t>(
      "--max-per-day",
      [&fields](int64_t count) {
        fields.workflow.set_max_deliveries_per_day(count);
        fields.mask.add_paths("max_deliveries_per_day");
      },
      "Deliveries that it may release in a day; 0 for any number");
}

}  // namespace crier::crierctl
