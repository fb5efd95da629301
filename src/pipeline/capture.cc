#include "pipeline/capture.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>

namespace holdfast::pipeline {

bool CaptureProgress::finished() const {
  return std::ranges::all_of(sources, [](const SourceProgress& source) {
    return source.state == CaptureState::ended && source.shipped == source.captured &&
           source.rejected_shipped == source.rejected;
  });
}

Result<std::unique_ptr<Capture>> Capture::start(os::Files& files, os::Clock& clock,
                                                CaptureSettings settings,
                                                std::vector<CaptureSource> sources) {
  std::unique_ptr<Capture> capture(new Capture);
  std::set<std::string> names;
  for (const CaptureSource& source : sources) {
    if (!names.insert(source.name).second) {
      return fail(ErrorCode::invalid, fmt::format("two sources have the name \"{}\"", source.name));
    }
  }
  capture->spool_ = HOLDFAST_TRY(spool::Spool::open(files, clock, settings.spool));
  std::vector<ShipRoute> routes;
  for (CaptureSource& source : sources) {
    const spool::SourceId id = HOLDFAST_TRY(capture->spool_->open_source(source.name));
    routes.push_back({.source = id, .topic = source.topic, .partitions = source.partitions});
    capture->topics_.push_back(source.topic);
    capture->loops_.push_back(std::make_unique<CaptureLoop>(
        *capture->spool_, clock, id, source.name, std::move(source.source), settings.limits));
  }
  capture->shipper_ = std::make_unique<Shipper>(*capture->spool_, clock, std::move(settings.ship),
                                                std::move(routes));
  capture->shipper_->start();
  for (const auto& loop : capture->loops_) loop->start();
  return capture;
}

Capture::~Capture() {
  stop(0);
}

void Capture::stop(int64_t grace_ms) {
  for (const auto& loop : loops_) loop->stop();
  if (shipper_) shipper_->stop(grace_ms);
}

CaptureProgress Capture::progress() const {
  CaptureProgress progress{.sources = {}, .ship = shipper_->progress(), .spool = spool_->status()};
  for (size_t i = 0; i < loops_.size(); ++i) {
    const spool::SpoolStatus::Source& source = progress.spool.sources[loops_[i]->id().value];
    progress.sources.push_back({.name = source.state.name,
                                .topic = topics_[i],
                                .epoch = source.state.epoch,
                                .captured = source.state.next_sequence,
                                .durable = source.durable_sequence,
                                .shipped = source.state.shipped_sequence,
                                .rejected = source.state.next_rejected_sequence,
                                .rejected_shipped = source.state.shipped_rejected_sequence,
                                .state = loops_[i]->state(),
                                .trouble = loops_[i]->trouble()});
  }
  return progress;
}

}  // namespace holdfast::pipeline
