#include "broker/state_record.h"

#include <fmt/core.h>

namespace holdfast::broker {
namespace {

using coordinator::GroupsForgotten;
using coordinator::GroupStored;
using coordinator::OffsetsCommitted;
using coordinator::OffsetsForgotten;
using coordinator::ProducerIdsReserved;
using coordinator::StateReader;
using coordinator::StateWriter;

constexpr uint8_t kVersion = 1;

/// Numbers of the record kinds on disk. Never reuse one.
enum class Kind : uint8_t {
  cluster_created = 1,
  topic_created = 2,
  topic_deleted = 3,
  partitions_added = 4,
  topic_configured = 5,
  broker_configured = 6,
  log_start_moved = 7,
  offsets_committed = 8,
  producer_ids_reserved = 9,
  group_stored = 20,
  groups_forgotten = 21,
  offsets_forgotten = 22,
  transactional_id_taken = 30,
  transaction_grew = 31,
  transaction_prepared = 32,
  transaction_completed = 33,
  transaction_offsets_stored = 34,
  transactional_id_forgotten = 35,
  log_starts_moved = 40,
  aborts_forgotten = 41,
};

struct Encoder {
  StateWriter out;

  void operator()(const ClusterCreated& r) {
    kind(Kind::cluster_created);
    out.text(r.cluster_id);
  }
  void operator()(const TopicCreated& r) {
    kind(Kind::topic_created);
    write_id(out, r.id);
    out.text(r.name);
    out.number(r.first_log_id);
    out.number(r.partitions);
    write_config(out, r.config);
  }
  void operator()(const TopicDeleted& r) {
    kind(Kind::topic_deleted);
    write_id(out, r.id);
  }
  void operator()(const PartitionsAdded& r) {
    kind(Kind::partitions_added);
    write_id(out, r.id);
    out.number(r.first_log_id);
    out.number(r.added);
  }
  void operator()(const TopicConfigured& r) {
    kind(Kind::topic_configured);
    write_id(out, r.id);
    write_config(out, r.config);
  }
  void operator()(const BrokerConfigured& r) {
    kind(Kind::broker_configured);
    write_config(out, r.config);
  }
  void operator()(const LogStartMoved& r) {
    kind(Kind::log_start_moved);
    out.number(r.log_id);
    out.number(r.log_start);
  }
  void operator()(const OffsetsCommitted& r) {
    kind(Kind::offsets_committed);
    r.write(out);
  }
  void operator()(const ProducerIdsReserved& r) {
    kind(Kind::producer_ids_reserved);
    r.write(out);
  }
  void operator()(const GroupStored& r) {
    kind(Kind::group_stored);
    r.write(out);
  }
  void operator()(const GroupsForgotten& r) {
    kind(Kind::groups_forgotten);
    r.write(out);
  }
  void operator()(const OffsetsForgotten& r) {
    kind(Kind::offsets_forgotten);
    r.write(out);
  }
  void operator()(const coordinator::TransactionalIdTaken& r) {
    kind(Kind::transactional_id_taken);
    r.write(out);
  }
  void operator()(const coordinator::TransactionGrew& r) {
    kind(Kind::transaction_grew);
    r.write(out);
  }
  void operator()(const coordinator::TransactionPrepared& r) {
    kind(Kind::transaction_prepared);
    r.write(out);
  }
  void operator()(const coordinator::TransactionCompleted& r) {
    kind(Kind::transaction_completed);
    r.write(out);
  }
  void operator()(const coordinator::TransactionOffsetsStored& r) {
    kind(Kind::transaction_offsets_stored);
    r.write(out);
  }
  void operator()(const coordinator::TransactionalIdForgotten& r) {
    kind(Kind::transactional_id_forgotten);
    r.write(out);
  }
  void operator()(const LogStartsMoved& r) {
    kind(Kind::log_starts_moved);
    out.number(static_cast<uint32_t>(r.moves.size()));
    for (const LogStartMoved& move : r.moves) {
      out.number(move.log_id);
      out.number(move.log_start);
    }
  }
  void operator()(const AbortsForgotten& r) {
    kind(Kind::aborts_forgotten);
    out.number(static_cast<uint32_t>(r.partitions.size()));
    for (const auto& below : r.partitions) {
      out.number(below.log_id);
      out.number(below.offset);
    }
  }
  void kind(Kind kind) {
    out.number(kVersion);
    out.number(static_cast<uint8_t>(kind));
  }
};

/// Of each partition in a list, its number and an offset.
template <class Each>
void read_offsets(StateReader& in, std::vector<Each>& all) {
  const uint32_t count = in.count(12);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    const auto log_id = in.number<uint32_t>();
    all.push_back({log_id, in.number<int64_t>()});
  }
}

std::optional<StateRecord> read_record(Kind kind, StateReader& in) {
  switch (kind) {
    case Kind::cluster_created:
      return ClusterCreated{std::string(in.text())};
    case Kind::topic_created: {
      TopicCreated record;
      record.id = read_id(in);
      record.name = in.text();
      record.first_log_id = in.number<uint32_t>();
      record.partitions = in.number<int32_t>();
      record.config = read_config(in);
      return record;
    }
    case Kind::topic_deleted:
      return TopicDeleted{read_id(in)};
    case Kind::partitions_added: {
      PartitionsAdded record;
      record.id = read_id(in);
      record.first_log_id = in.number<uint32_t>();
      record.added = in.number<int32_t>();
      return record;
    }
    case Kind::topic_configured: {
      TopicConfigured record;
      record.id = read_id(in);
      record.config = read_config(in);
      return record;
    }
    case Kind::broker_configured:
      return BrokerConfigured{read_config(in)};
    case Kind::log_start_moved: {
      const auto log_id = in.number<uint32_t>();
      return LogStartMoved{log_id, in.number<int64_t>()};
    }
    case Kind::offsets_committed:
      return OffsetsCommitted::read(in);
    case Kind::producer_ids_reserved:
      return ProducerIdsReserved::read(in);
    case Kind::log_starts_moved: {
      LogStartsMoved record;
      read_offsets(in, record.moves);
      return record;
    }
    case Kind::aborts_forgotten: {
      AbortsForgotten record;
      read_offsets(in, record.partitions);
      return record;
    }
    case Kind::group_stored:
      return GroupStored::read(in);
    case Kind::groups_forgotten:
      return GroupsForgotten::read(in);
    case Kind::offsets_forgotten:
      return OffsetsForgotten::read(in);
    case Kind::transactional_id_taken:
      return coordinator::TransactionalIdTaken::read(in);
    case Kind::transaction_grew:
      return coordinator::TransactionGrew::read(in);
    case Kind::transaction_prepared:
      return coordinator::TransactionPrepared::read(in);
    case Kind::transaction_completed:
      return coordinator::TransactionCompleted::read(in);
    case Kind::transaction_offsets_stored:
      return coordinator::TransactionOffsetsStored::read(in);
    case Kind::transactional_id_forgotten:
      return coordinator::TransactionalIdForgotten::read(in);
  }
  return std::nullopt;
}

}  // namespace

ByteBuffer encode(const StateRecord& record) {
  ByteBuffer bytes;
  std::visit(Encoder{StateWriter(bytes)}, record);
  return bytes;
}

Result<StateRecord> decode_state_record(ByteView bytes) {
  StateReader in(bytes);
  const auto version = in.number<uint8_t>();
  const auto kind = in.number<uint8_t>();
  if (!in.failed() && version != kVersion) {
    return fail(ErrorCode::version_unknown,
                fmt::format("state record of version {}; this program knows version {}", version,
                            kVersion));
  }
  auto record = read_record(static_cast<Kind>(kind), in);
  if (!record) {
    return fail(ErrorCode::version_unknown,
                fmt::format("state record of kind {}, which this program does not know", kind));
  }
  if (!in.at_end())
    return fail(ErrorCode::corrupt,
                fmt::format("state record of kind {} is cut short or too long", kind));
  return std::move(*record);
}

void write_config(StateWriter& out, const ConfigMap& config) {
  out.number(static_cast<uint32_t>(config.size()));
  for (const auto& [name, value] : config) {
    out.text(name);
    out.text(value);
  }
}

ConfigMap read_config(StateReader& in) {
  ConfigMap config;
  const uint32_t count = in.count(8);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    std::string name(in.text());
    config[std::move(name)] = in.text();
  }
  return config;
}

void write_id(StateWriter& out, const TopicId& id) {
  for (const std::byte byte : id.bytes) out.number(static_cast<uint8_t>(byte));
}

TopicId read_id(StateReader& in) {
  TopicId id{};
  for (std::byte& byte : id.bytes) byte = static_cast<std::byte>(in.number<uint8_t>());
  return id;
}

}  // namespace holdfast::broker
