#include "pipeline/failure_spool.h"

#include "pipeline/spooled_message.h"
#include "spool/state.h"

namespace holdfast::pipeline {

Result<spool::Spool*> FailureSpool::open() {
  const std::lock_guard lock(mutex_);
  if (!spool_) spool_ = HOLDFAST_TRY(spool::Spool::open(files_, clock_, settings_));
  return spool_.get();
}

Status visit_spooled_failures(os::Files& files, const std::string& folder,
                              const std::function<void(const event::FailureRecord&)>& visit) {
  if (!HOLDFAST_TRY(files.exists(folder))) return {};
  SpooledMessage message;
  Status status;
  HOLDFAST_CHECKED(spool::visit_waiting(
      files, folder, [&](const spool::SourceState& source, const spool::BatchView& batch) {
        spool::BatchView::Events events(batch, source.name);
        for (event::Event event; status && events.next(event);) {
          status = decode_message(event.value.value_or(""), message);
          if (!status) return;
          if (const auto record = event::parse_failure(message.headers, event.key, message.value))
            visit(*record);
        }
      }));
  return status;
}

}  // namespace holdfast::pipeline
