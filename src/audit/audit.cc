#include "audit/audit.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "audit/evidence_lines.h"
#include "audit/topic_reader.h"
#include "kafka/events/event_reader.h"

namespace holdfast::audit {
namespace {

/// Everything that was read of one store.
struct StoreSide {
  const StoreInput* input = nullptr;
  sink::Positions positions;
  StampSet rows;
  StampSet filtered;
  StampSet refused;
  StampSet waiting;
  StampSet repaired;  // noted as brought there by a repair
};

Status read_store(StoreSide& side) {
  sink::Reader& reader = *side.input->reader;
  // In this order: an event below these positions must be among the rows, or excused.
  side.positions = HOLDFAST_TRY(reader.positions());
  const auto into = [](StampSet& set) {
    return [&set](std::span<const sink::StoredRun> runs) -> Status {
      for (const sink::StoredRun& run : runs) {
        if (run.first < 0 || run.last < run.first || run.copies < 1) {
          return fail(ErrorCode::corrupt,
                      fmt::format("the store answers an impossible run {}..{} of {}", run.first,
                                  run.last, run.source));
        }
        set.add(run.source, run.epoch, {run.first, run.last}, static_cast<uint64_t>(run.copies));
      }
      return {};
    };
  };
  HOLDFAST_CHECKED(reader.read_back({}, into(side.rows)));
  return reader.read_filtered({}, into(side.filtered));
}

class Audit {
 public:
  Audit(const Inputs& inputs, EvidenceWriter& evidence) : inputs_(inputs), evidence_(evidence) {}

  Result<Report> run() {
    if (inputs_.captured) captured_ = HOLDFAST_TRY(inputs_.captured());
    for (const StoreInput& input : inputs_.stores) {
      stores_.emplace_back().input = &input;
      HOLDFAST_CHECKED(read_store(stores_.back()));
    }
    HOLDFAST_CHECKED(read_failures());
    HOLDFAST_CHECKED(read_events());
    HOLDFAST_CHECKED(read_captured_again());
    describe_limits();
    write_header(evidence_, report_, inputs_.window_events);
    for (const StoreSide& store : stores_) judge_store(store);
    judge_rest();
    report_.digest = evidence_.finish();
    return std::move(report_);
  }

 private:
  std::vector<std::string> failure_topics() const {
    std::set<std::string> topics(inputs_.failure_topics.begin(), inputs_.failure_topics.end());
    for (const StoreInput& store : inputs_.stores) {
      if (!store.failure_topic.empty()) topics.insert(store.failure_topic);
    }
    return {topics.begin(), topics.end()};
  }

  Status read_failures() {
    kafka::EventReader read;
    const auto visit = [&](const kafka::Message& message, TopicRange& range) {
      const auto failure = read.failure(message);
      if (!failure) {
        ++range.foreign;
        return;
      }
      ++range.events;
      if (failure->stage == event::FailureStage::capture) {
        failed_captures_.add(failure->event.stamp);
        return;
      }
      if (failure->stage == event::FailureStage::ship) {
        refused_by_kafka_.add(failure->event.stamp);
        return;
      }
      for (StoreSide& store : stores_) {
        // A replicated store's rejections are those of all of its parts.
        const bool same =
            failure->store == store.input->name || failure->store == store.input->pipeline ||
            (!store.input->datacenter.empty() && failure->pipeline == store.input->pipeline);
        if (same && store.input->failure_topic == message.topic)
          store.refused.add(failure->event.stamp);
      }
    };
    auto ranges =
        HOLDFAST_TRY(read_topics({inputs_.kafka, failure_topics(), inputs_.timeout_ms}, visit));
    report_.topics.insert(report_.topics.end(), ranges.begin(), ranges.end());
    for (StoreSide& store : stores_)
      if (!store.input->missed_topic.empty()) HOLDFAST_CHECKED(read_missed(store));
    if (!inputs_.spooled_failures) return {};
    return inputs_.spooled_failures([this](const event::FailureRecord& failure) {
      for (StoreSide& store : stores_)
        if (missed_by(failure, store)) store.refused.add(failure.event.stamp);
    });
  }

  static bool missed_by(const event::FailureRecord& failure, const StoreSide& store) {
    return !failure.datacenter.empty() && failure.datacenter == store.input->datacenter &&
           failure.pipeline == store.input->pipeline;
  }

  /// What one data center missed, as it is recorded in another one. It excuses until it is
  /// repaired: then the event must be there, whatever the repair says.
  Status read_missed(StoreSide& store) {
    kafka::EventReader read;
    const auto visit = [&](const kafka::Message& message, TopicRange& range) {
      const auto failure = read.failure(message);
      ++(failure ? range.events : range.foreign);
      if (!failure || !missed_by(*failure, store)) return;
      const Missed missed = store.input->missed
                                ? store.input->missed(message.partition, message.offset)
                                : Missed::waiting;
      if (missed == Missed::waiting) store.refused.add(failure->event.stamp);
      if (missed == Missed::replaced) store.filtered.add(failure->event.stamp);
      if (missed == Missed::repaired) store.repaired.add(failure->event.stamp);
    };
    const auto ranges = HOLDFAST_TRY(read_topics(
        {store.input->missed_kafka, {store.input->missed_topic}, inputs_.timeout_ms}, visit));
    report_.topics.insert(report_.topics.end(), ranges.begin(), ranges.end());
    return {};
  }

  Status read_events() {
    std::set<std::string> topics(inputs_.topics.begin(), inputs_.topics.end());
    for (const StoreInput& store : inputs_.stores)
      topics.insert(store.topics.begin(), store.topics.end());
    const auto visit = [&](const kafka::Message& message, TopicRange& range) {
      event::Stamp stamp;
      if (!read_stamp(message, stamp)) {
        ++range.foreign;
        return;
      }
      ++range.events;
      by_topic_[range.topic].add(stamp);
      for (StoreSide& store : stores_) {
        if (message.offset >= position_of(store, range)) store.waiting.add(stamp);
      }
    };
    auto ranges = HOLDFAST_TRY(
        read_topics({inputs_.kafka, {topics.begin(), topics.end()}, inputs_.timeout_ms}, visit));
    for (const TopicRange& range : ranges) {
      if (range.first_offset > 0) trimmed_.insert(range.topic);
    }
    report_.topics.insert(report_.topics.end(), ranges.begin(), ranges.end());
    return {};
  }

  /// Where the store stands in a partition; everything from there on has not been read by its
  /// pipeline.
  static int64_t position_of(const StoreSide& store, const TopicRange& range) {
    const auto found = store.positions.find({range.topic, range.partition});
    return found == store.positions.end() ? 0 : found->second;
  }

  /// How far the sources came, after the topics: an event in a topic must be below it. How far
  /// shipping came stays as it was before.
  Status read_captured_again() {
    if (!inputs_.captured) return {};
    const auto now = HOLDFAST_TRY(inputs_.captured());
    std::map<Stream, Captured> merged;
    for (const CapturedStream& later : now)
      merged[later.stream] = {later.captured.next_sequence, 0};
    for (const CapturedStream& before : captured_)
      merged[before.stream].shipped_sequence = before.captured.shipped_sequence;
    known_captured_ = std::move(merged);
    return {};
  }

  std::optional<Captured> captured_of(const Stream& stream) const {
    const auto found = known_captured_.find(stream);
    if (found == known_captured_.end()) return std::nullopt;
    return found->second;
  }

  /// The topics of a store in one: which streams they hold is found out from what is in them.
  struct TopicSide {
    std::map<Stream, Seen> seen;
    std::set<Stream> trimmed;
    std::string names;
  };

  TopicSide side_of(const std::vector<std::string>& topics) const {
    TopicSide side;
    side.names = fmt::format("topic {}", fmt::join(topics, ", "));
    for (const std::string& topic : topics) {
      const auto found = by_topic_.find(topic);
      if (found == by_topic_.end()) continue;
      for (const auto& [stream, seen] : found->second.streams()) {
        merge(side.seen[stream], seen);
        if (trimmed_.contains(topic)) side.trimmed.insert(stream);
      }
    }
    return side;
  }

  static void merge(Seen& into, const Seen& from) {
    for (const Interval& interval : from.intervals()) into.add(interval, 1);
    for (const Interval& interval : from.repeats()) into.add(interval, 1);
  }

  void judge_store(const StoreSide& store) {
    TopicSide topics = side_of(store.input->topics);
    judged_topics_.insert(store.input->topics.begin(), store.input->topics.end());
    std::set<Stream> streams;
    for (const auto& [stream, seen] : topics.seen) streams.insert(stream);
    for (const auto& [stream, seen] : store.rows.streams()) streams.insert(stream);
    // Captured and seen nowhere: its topic is known by the sources that share it, so only streams
    // that some topic of this store could hold are taken: those that no other topic holds.
    for (const auto& [stream, captured] : known_captured_) {
      if (!is_rejected_stream(stream) && !seen_elsewhere(stream, store.input->topics))
        streams.insert(stream);
    }
    StoreReport& rows = report_.stores.emplace_back();
    rows.pipeline = store.input->pipeline;
    rows.store = store.input->name;
    for (const Stream& stream : streams) {
      judged_.insert(stream);
      Seen refused = store.refused.of(stream);
      count_refused_by_kafka(stream, topics.seen[stream], refused);
      judge(rows, stream,
            Known{topics.seen[stream], &store.rows.of(stream), store.filtered.of(stream), refused,
                  store.waiting.of(stream), captured_of(stream), topics.trimmed.contains(stream),
                  &store.repaired.of(stream)},
            {topics.names, "store " + rows.store});
    }
  }

  /// What Kafka did not take is in the failure queue instead of its topic: accounted for, as if it
  /// had been in the topic and the store had refused it.
  void count_refused_by_kafka(const Stream& stream, Seen& topics, Seen& refused) const {
    for (const Interval& interval : refused_by_kafka_.of(stream).intervals()) {
      for (int64_t sequence = interval.first; sequence <= interval.last; ++sequence) {
        if (!topics.set().contains(sequence)) topics.add(sequence);
        if (!refused.set().contains(sequence)) refused.add(sequence);
      }
    }
  }

  bool seen_elsewhere(const Stream& stream, const std::vector<std::string>& topics) const {
    return std::any_of(by_topic_.begin(), by_topic_.end(), [&](const auto& entry) {
      return entry.second.streams().contains(stream) &&
             std::find(topics.begin(), topics.end(), entry.first) == topics.end();
    });
  }

  static bool is_rejected_stream(const Stream& stream) {
    return stream.source.ends_with("/rejected");
  }

  /// Topics that no store reads, and what the sources rejected: judged by capture and topic alone.
  void judge_rest() {
    std::vector<std::string> topics;
    for (const auto& [topic, set] : by_topic_) {
      if (!judged_topics_.contains(topic)) topics.push_back(topic);
    }
    TopicSide side = side_of(topics);
    for (const auto& [stream, seen] : failed_captures_.streams()) merge(side.seen[stream], seen);
    for (const auto& [stream, captured] : known_captured_) {
      if (!judged_.contains(stream) && captured.next_sequence > 0) side.seen[stream];
    }
    if (side.seen.empty()) return;
    StoreReport& rows = report_.stores.emplace_back();
    const Seen nothing;
    for (auto& [stream, seen] : side.seen) {
      Seen refused;
      count_refused_by_kafka(stream, seen, refused);
      const std::string where = is_rejected_stream(stream)
                                    ? fmt::format("topic {}", fmt::join(failure_topics(), ", "))
                                    : side.names;
      judge(rows, stream,
            Known{seen, nullptr, nothing, refused, nothing, captured_of(stream),
                  side.trimmed.contains(stream)},
            {where, ""});
    }
  }

  void judge(StoreReport& rows, const Stream& stream, const Known& known, const Places& places) {
    const size_t room =
        inputs_.findings_max - std::min(inputs_.findings_max, report_.findings.size());
    Judged judged = compare(stream, known, places, room);
    if (rows.sources.empty() || rows.sources.back().source != stream.source)
      rows.sources.push_back({stream.source, {}});
    rows.sources.back().balance += judged.balance;
    report_.windows +=
        write_windows(evidence_, rows, stream, known, judged.balance, inputs_.window_events);
    for (const event::Finding& finding : judged.findings) write_finding(evidence_, finding);
    write_balance(evidence_, rows, stream, judged);
    report_.findings.insert(report_.findings.end(), judged.findings.begin(), judged.findings.end());
    report_.findings_unnamed += judged.findings_unnamed;
  }

  void describe_limits() {
    auto& limits = report_.limits;
    limits.push_back("what happened to data before its first stamp, in the source itself");
    if (!inputs_.captured) {
      limits.push_back(
          "events lost behind the last one of each stream in the topics: the spool was not read");
    }
    for (const std::string& topic : trimmed_) {
      limits.push_back(fmt::format("the beginning of topic {}: retention removed it", topic));
    }
    for (const TopicRange& range : report_.topics) {
      if (range.foreign == 0) continue;
      limits.push_back(fmt::format("{} records of {}/{} without a stamp of ours", range.foreign,
                                   range.topic, range.partition));
    }
  }

  const Inputs& inputs_;
  EvidenceWriter& evidence_;
  Report report_;
  std::vector<CapturedStream> captured_;
  std::map<Stream, Captured> known_captured_;
  std::vector<StoreSide> stores_;
  std::map<std::string, StampSet> by_topic_;
  StampSet failed_captures_;
  StampSet refused_by_kafka_;
  std::set<std::string> trimmed_;
  std::set<std::string> judged_topics_;
  std::set<Stream> judged_;
};

}  // namespace

Result<Report> run(const Inputs& inputs, EvidenceWriter& evidence) {
  return Audit(inputs, evidence).run();
}

}  // namespace holdfast::audit
