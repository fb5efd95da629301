#pragma once

#include <string>
#include <vector>

#include "kafka/handle.h"
#include "kafka/producer.h"

namespace holdfast::kafka {

struct Producer::Impl {
  struct Topic {
    std::string name;
    Owned<rd_kafka_topic_t> handle;
  };

  std::unique_ptr<Handle> handle;  // first, so that topics go before it
  std::vector<Topic> topics;       // a handful: a linear search beats a map
  size_t last_topic = 0;
  std::vector<Delivery> arrived;   // from callbacks
  std::vector<Delivery> handed;    // the caller's until the next poll
  size_t in_flight = 0;

  rd_kafka_t* rk() const { return handle->get(); }
  rd_kafka_topic_t* topic_handle(std::string_view topic);
  std::span<const Delivery> hand_over();
};

}  // namespace holdfast::kafka
