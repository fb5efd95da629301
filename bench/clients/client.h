#pragma once

// What the load clients of bench/run have in common: a clock, and a librdkafka client with given settings. Whatever fails ends
// the program, with the reason on standard error.
#include <librdkafka/rdkafka.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

inline int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

[[noreturn]] inline void give_up(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  std::exit(1);
}

using Settings = std::vector<std::pair<const char*, const char*>>;
using Delivered = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

inline rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, Delivered delivered = nullptr,
                               void* opaque = nullptr) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [key, value] : settings) {
    if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) give_up(error);
  }
  if (delivered) rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_conf_set_opaque(conf, opaque);
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof error);
  if (!client) give_up(error);
  return client;
}

/// The value below which `share` of them lie.
inline double at_ms(const std::vector<int64_t>& sorted_ns, double share) {
  return static_cast<double>(sorted_ns[static_cast<size_t>(share * static_cast<double>(sorted_ns.size() - 1))]) / 1e6;
}
