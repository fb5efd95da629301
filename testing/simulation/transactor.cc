#include "testing/simulation/transactor.h"

namespace holdfast::simulation {

void Transactor::crash() {
  forget();
  restart();
}

/// Somebody starts the program again.
void Transactor::restart() {
  later(scheduler().between(ms, 15 * seconds), [this] { begin_session(); });
}

void Transactor::begin_session() {
  finished_ = finishing_;
  if (finishing_) return;
  init(true, [this](Step step) { step == Step::done ? next() : restart(); });
}

void Transactor::next() {
  later(scheduler().between(pause_us_ / 4, pause_us_ * 2), [this] {
    finished_ = finishing_;
    if (finishing_) return;
    if (needs_new_epoch())
      return init(false, [this](Step step) { step == Step::done ? next() : restart(); });
    begin();
    write(scheduler().between(1, 4));
  });
}

std::vector<TransactionalClient::Batch> Transactor::make_batches() {
  std::vector<Batch> batches;
  std::set<std::pair<std::string, int32_t>> taken;
  for (int64_t left = scheduler().between(1, 3); left > 0; --left) {
    const TopicPlan& topic =
        topics_[static_cast<size_t>(scheduler().below(static_cast<int64_t>(topics_.size())))];
    const auto partition = static_cast<int32_t>(scheduler().below(topic.partitions));
    if (!taken.emplace(topic.name, partition).second) continue;
    Batch batch{.topic = topic.name, .partition = partition, .items = {}, .made_from = {}};
    for (int64_t items = scheduler().between(1, 5); items > 0; --items) {
      Item item{.value = world_.new_value()};
      if (topic.compacted) {
        item.key = static_cast<uint64_t>(scheduler().between(1, topic.keys));
        item.tombstone = scheduler().one_in(10);
      }
      batch.items.push_back(item);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

void Transactor::write(int64_t requests_left) {
  if (requests_left == 0) return finish_with(!scheduler().one_in(4));
  send(make_batches(), [this, requests_left](Step step) {
    if (step == Step::fenced) return restart();
    if (step == Step::abortable) return finish_with(false);
    // Mostly it goes on at once; sometimes it takes long, and sometimes too long.
    const int64_t pause = scheduler().one_in(20)  ? scheduler().between(0, 2 * timeout_ms()) * ms
                          : scheduler().one_in(3) ? scheduler().between(ms, 800 * ms)
                                                  : ms;
    later(pause, [this, requests_left] { write(requests_left - 1); });
  });
}

void Transactor::finish_with(bool commit) {
  end(commit, [this](Step step) { step == Step::done ? next() : restart(); });
}

}  // namespace holdfast::simulation
