import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Sums, joins and windows that all need topics of their own: Stateful BOOTSTRAP STATE_FOLDER GUARANTEE STANDBYS. Runs until killed.
 * Orders ("customer:amount") come from `orders`, names from `names` (a table); out go `sums` (sum of each customer, by name) and `windows`.
 */
public class Stateful {
  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "stateful");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[1]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[2]);
    settings.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, Integer.parseInt(arguments[3]));
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.String().getClass());
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.String().getClass());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
    settings.put(StreamsConfig.REPARTITION_PURGE_INTERVAL_MS_CONFIG, 1000);
    settings.put(StreamsConfig.ACCEPTABLE_RECOVERY_LAG_CONFIG, 100);
    settings.put(StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG, 60000);
    settings.put("auto.offset.reset", "earliest");
    settings.put("session.timeout.ms", 6000);
    settings.put("heartbeat.interval.ms", 500);
    settings.put("metadata.max.age.ms", 2000);
    // So that the topics of its stores are compacted while it runs.
    settings.put(StreamsConfig.topicPrefix("segment.ms"), "1000");
    settings.put(StreamsConfig.topicPrefix("min.cleanable.dirty.ratio"), "0.01");

    StreamsBuilder builder = new StreamsBuilder();
    KTable<String, String> names = builder.table("names", Consumed.with(Serdes.String(), Serdes.String()), Materialized.as("names-store"));
    KStream<String, Long> orders = builder.<String, String>stream("orders")
        .map((key, value) -> KeyValue.pair(value.substring(0, value.indexOf(':')), Long.parseLong(value.substring(value.indexOf(':') + 1))));
    KStream<String, Long> spread = orders.repartition(Repartitioned.with(Serdes.String(), Serdes.Long()).withName("by-customer").withNumberOfPartitions(4));
    KTable<String, Long> sums = spread.groupByKey(Grouped.with(Serdes.String(), Serdes.Long()))
        .aggregate(() -> 0L, (customer, amount, sum) -> sum + amount,
            Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("sums-store").withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()));
    sums.leftJoin(names, (sum, name) -> (name == null ? "?" : name) + "=" + sum)
        .toStream().to("sums", Produced.with(Serdes.String(), Serdes.String()));
    spread.groupByKey(Grouped.with(Serdes.String(), Serdes.Long()))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofDays(3650)))
        .count(Materialized.as("windows-store"))
        .toStream((window, count) -> window.key())
        .to("windows", Produced.with(Serdes.String(), Serdes.Long()));
    spread.join(spread.filter((customer, amount) -> amount == 1), (all, one) -> all + one, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofMillis(1)),
            StreamJoined.with(Serdes.String(), Serdes.Long(), Serdes.Long()).withName("pairs").withStoreName("pairs"))
        .to("pairs", Produced.with(Serdes.String(), Serdes.Long()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setStateListener((now, before) -> System.out.println("state " + now));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
    streams.start();
  }
}
