#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "control/broker.h"
#include "kafka/settings.h"
#include "settings/config.h"

namespace holdfast::control {

/// A way to the Kafka that a configuration names. With the embedded broker: the one of this
/// process, or - for commands that only look - the one of another process of ours that has the data
/// folder open (it leaves its address there).
class KafkaAccess {
 public:
  enum class Purpose {
    serve,  // run the embedded broker here; `locked` if another process has it
    visit   // whoever runs it; here only if nobody does
  };
  static Result<KafkaAccess> open(const settings::Kafka& kafka, Purpose purpose);

  const kafka::ClientSettings& client() const { return client_; }
  /// The broker inside this process, if there is one. Owned.
  RunningBroker* broker() const { return broker_.get(); }

 private:
  kafka::ClientSettings client_;
  std::unique_ptr<RunningBroker> broker_;
};

}  // namespace holdfast::control
