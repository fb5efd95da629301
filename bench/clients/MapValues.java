import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Kafka Streams, exactly_once_v2: reads a topic from its beginning, changes each value, writes it to another topic. What counts
 * begins with the first record and ends when the offsets of all records are committed.
 *
 * <p>java -cp LIBS MapValues.java BOOTSTRAP INPUT OUTPUT RECORDS STATE_FOLDER; prints one line of JSON.
 */
public class MapValues {
  public static void main(String[] args) throws Exception {
    long wanted = Long.parseLong(args[3]);
    AtomicLong seen = new AtomicLong();
    AtomicLong first = new AtomicLong();
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put("auto.offset.reset", "earliest");
    StreamsBuilder builder = new StreamsBuilder();
    builder.<byte[], byte[]>stream(args[1])
        .mapValues(
            value -> {
              if (seen.getAndIncrement() == 0) first.set(System.nanoTime());
              byte[] changed = value.clone();
              changed[0] ^= 1;
              return changed;
            })
        .to(args[2]);
    long end;
    try (var streams = new KafkaStreams(builder.build(), settings);
        var admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      streams.start();
      long patience = System.nanoTime() + 180_000_000_000L;
      while (seen.get() < wanted || committed(admin, args[2]) < wanted) {
        if (System.nanoTime() > patience) throw new IllegalStateException("only " + seen + " records");
        Thread.sleep(5);
      }
      end = System.nanoTime();
    }
    double seconds = (end - first.get()) / 1e9;
    System.out.printf("{\"records\": %d, \"seconds\": %.3f, \"records_per_second\": %.0f}%n", wanted, seconds, wanted / seconds);
    System.exit(seen.get() == wanted ? 0 : 1);
  }

  /** The records before the group's offsets. Behind the last record of a partition there may be a marker: at least is enough. */
  private static long committed(Admin admin, String group) throws Exception {
    return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values().stream()
        .mapToLong(offset -> offset.offset())
        .sum();
  }
}
