#include "broker/coordinator/transaction.h"

namespace holdfast::broker::coordinator {
namespace {

template <class Numbers>
void write_numbers(StateWriter& out, const Numbers& numbers) {
  out.number(static_cast<uint32_t>(numbers.size()));
  for (const uint32_t number : numbers) out.number(number);
}

template <class Texts>
void write_texts(StateWriter& out, const Texts& texts) {
  out.number(static_cast<uint32_t>(texts.size()));
  for (const std::string& text : texts) out.text(text);
}

template <class Numbers>
void read_numbers(StateReader& in, Numbers& numbers) {
  const uint32_t count = in.count(4);
  for (uint32_t i = 0; i < count && !in.failed(); ++i)
    numbers.insert(numbers.end(), in.number<uint32_t>());
}

template <class Texts>
void read_texts(StateReader& in, Texts& texts) {
  const uint32_t count = in.count(4);
  for (uint32_t i = 0; i < count && !in.failed(); ++i)
    texts.insert(texts.end(), std::string(in.text()));
}

}  // namespace

std::string_view name(TransactionState state) {
  static constexpr std::string_view names[transaction_states] = {
      "Empty",          "Ongoing",       "PrepareCommit", "PrepareAbort",
      "CompleteCommit", "CompleteAbort", "Dead",          "PrepareEpochFence"};
  return names[static_cast<uint8_t>(state)];
}

void Transaction::write(StateWriter& out) const {
  out.text(id);
  out.number(producer_id);
  out.number(producer_epoch);
  out.number(last_epoch);
  out.number(previous_producer_id);
  out.number(next_producer_id);
  out.number(timeout_ms);
  out.number(static_cast<uint8_t>(state));
  out.number(static_cast<uint8_t>(implicit));
  write_numbers(out, partitions);
  write_texts(out, groups);
  out.number(start_ms);
  out.number(updated_ms);
}

Transaction Transaction::read(StateReader& in) {
  Transaction transaction;
  transaction.id = in.text();
  transaction.producer_id = in.number<int64_t>();
  transaction.producer_epoch = in.number<int16_t>();
  transaction.last_epoch = in.number<int16_t>();
  transaction.previous_producer_id = in.number<int64_t>();
  transaction.next_producer_id = in.number<int64_t>();
  transaction.timeout_ms = in.number<int32_t>();
  transaction.state = static_cast<TransactionState>(in.number<uint8_t>() % transaction_states);
  transaction.implicit = in.number<uint8_t>() != 0;
  read_numbers(in, transaction.partitions);
  read_texts(in, transaction.groups);
  transaction.start_ms = in.number<int64_t>();
  transaction.updated_ms = in.number<int64_t>();
  return transaction;
}

void TransactionalIdTaken::write(StateWriter& out) const {
  out.text(id);
  out.number(producer_id);
  out.number(producer_epoch);
  out.number(last_epoch);
  out.number(previous_producer_id);
  out.number(timeout_ms);
  out.number(time_ms);
}

TransactionalIdTaken TransactionalIdTaken::read(StateReader& in) {
  TransactionalIdTaken record;
  record.id = in.text();
  record.producer_id = in.number<int64_t>();
  record.producer_epoch = in.number<int16_t>();
  record.last_epoch = in.number<int16_t>();
  record.previous_producer_id = in.number<int64_t>();
  record.timeout_ms = in.number<int32_t>();
  record.time_ms = in.number<int64_t>();
  return record;
}

void TransactionGrew::write(StateWriter& out) const {
  out.number(producer_id);
  out.number(static_cast<uint8_t>(implicit));
  write_numbers(out, partitions);
  write_texts(out, groups);
  out.number(time_ms);
}

TransactionGrew TransactionGrew::read(StateReader& in) {
  TransactionGrew record;
  record.producer_id = in.number<int64_t>();
  record.implicit = in.number<uint8_t>() != 0;
  read_numbers(in, record.partitions);
  read_texts(in, record.groups);
  record.time_ms = in.number<int64_t>();
  return record;
}

void TransactionPrepared::write(StateWriter& out) const {
  out.number(producer_id);
  out.number(static_cast<uint8_t>(commit));
  out.number(producer_epoch);
  out.number(last_epoch);
  out.number(next_producer_id);
  out.number(time_ms);
}

TransactionPrepared TransactionPrepared::read(StateReader& in) {
  TransactionPrepared record;
  record.producer_id = in.number<int64_t>();
  record.commit = in.number<uint8_t>() != 0;
  record.producer_epoch = in.number<int16_t>();
  record.last_epoch = in.number<int16_t>();
  record.next_producer_id = in.number<int64_t>();
  record.time_ms = in.number<int64_t>();
  return record;
}

void TransactionCompleted::write(StateWriter& out) const {
  out.number(producer_id);
  out.number(time_ms);
}

TransactionCompleted TransactionCompleted::read(StateReader& in) {
  TransactionCompleted record;
  record.producer_id = in.number<int64_t>();
  record.time_ms = in.number<int64_t>();
  return record;
}

void TransactionOffsetsStored::write(StateWriter& out) const {
  out.number(producer_id);
  offsets.write(out);
}

TransactionOffsetsStored TransactionOffsetsStored::read(StateReader& in) {
  TransactionOffsetsStored record;
  record.producer_id = in.number<int64_t>();
  record.offsets = OffsetsCommitted::read(in);
  return record;
}

}  // namespace holdfast::broker::coordinator
