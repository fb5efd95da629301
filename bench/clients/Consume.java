import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic from its beginning as ConsumerPerformance does (the same client, the same settings), but with partitions
 * assigned instead of a group, so that what is measured is fetching. The whole run counts: connecting, metadata, all records.
 *
 * <p>java -cp LIBS Consume.java BOOTSTRAP TOPIC PARTITIONS RECORDS; prints one line of JSON.
 */
public class Consume {
  public static void main(String[] args) {
    long wanted = Long.parseLong(args[3]);
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) partitions.add(new TopicPartition(args[1], i));
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", args[0],
            "key.deserializer", ByteArrayDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class,
            "receive.buffer.bytes", 2 * 1024 * 1024,
            "max.partition.fetch.bytes", 1024 * 1024,
            "check.crcs", "true");
    long start = System.nanoTime();
    long records = 0;
    long bytes = 0;
    try (var consumer = new KafkaConsumer<byte[], byte[]>(settings)) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long last = System.nanoTime();
      while (records < wanted && System.nanoTime() - last < 30_000_000_000L) {
        for (var record : consumer.poll(Duration.ofMillis(100))) {
          records++;
          bytes += record.value().length;
          last = System.nanoTime();
        }
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "{\"records\": %d, \"bytes\": %d, \"seconds\": %.3f, \"records_per_second\": %.0f}%n",
        records, bytes, seconds, records / seconds);
    if (records < wanted) System.exit(1);
  }
}
