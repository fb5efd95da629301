#include <cstdio>

#include "cli/verbs.h"

namespace holdfast::cli {

int show_tour() {
  std::fputs(
      "Holdfast carries events through Kafka into stores, exactly once in effect, and proves it id "
      "by id.\n"
      "\n"
      "  holdfast demo datacentres             an outage in a folder, repaired and proven\n"
      "  make demo                             the whole story on real data, with kill -9 in "
      "between\n"
      "  holdfast check flights.yaml           every fault of a configuration, at line and column\n"
      "  holdfast run flights.yaml             sources -> spool -> Kafka -> SQL -> store\n"
      "  holdfast audit report flights.yaml    what arrived: lost, doubled and unknown events by "
      "id\n"
      "  holdfast failures list flights.yaml   what was refused, and why\n"
      "  holdfast broker --data data/broker    only the broker, for any Kafka client\n"
      "\n"
      "All verbs: holdfast --help        One verb: holdfast run --help        Guide: docs/guide/\n",
      stdout);
  return 0;
}

}  // namespace holdfast::cli
