#pragma once

#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// WriteTxnMarkers (key 27): one broker asks another to end transactions in partitions. Among
/// clients only the tool that ends hanging transactions sends it.
inline constexpr ApiSpec write_txn_markers_api{.key = ApiKey::write_txn_markers,
                                               .name = "WriteTxnMarkers",
                                               .versions = {1, 2},
                                               .flexible_from = 1};

struct WriteTxnMarkersRequest {
  static constexpr const ApiSpec& api = write_txn_markers_api;

  struct Marker {
    using Topic = AskedIndexes;

    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    bool transaction_result = false;  // true: commit
    std::vector<Topic> topics;
    int32_t coordinator_epoch = 0;
    int8_t transaction_version = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.producer_id);
      codec.field(m.producer_epoch);
      codec.field(m.transaction_result);
      codec.field(m.topics);
      codec.field(m.coordinator_epoch);
      codec.field(m.transaction_version, since(2));
    }
  };

  std::vector<Marker> markers;

  static void describe(auto& codec, auto& m) { codec.field(m.markers); }
};

struct WriteTxnMarkersResponse {
  static constexpr const ApiSpec& api = write_txn_markers_api;

  struct Marker {
    using Topic = ToldTopic<PartitionCode>;

    int64_t producer_id = 0;
    std::vector<Topic> topics;

    static void describe(auto& codec, auto& m) {
      codec.field(m.producer_id);
      codec.field(m.topics);
    }
  };

  std::vector<Marker> markers;

  static void describe(auto& codec, auto& m) { codec.field(m.markers); }
};

}  // namespace holdfast::wire
