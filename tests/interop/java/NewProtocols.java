import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;

/** Asks for the group protocols that are younger than the classic one: NewProtocols ADDRESS. Prints what came of each. */
public class NewProtocols {
  interface Poll {
    void once();
  }

  /** The first error of a consumer that is polled for up to 20 s, or that there was none. */
  static void attempt(String name, Poll poll) {
    String outcome = "no error";
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (outcome.equals("no error") && System.nanoTime() < end) {
      try {
        poll.once();
      } catch (RuntimeException refused) {
        outcome = refused.getClass().getSimpleName();
      }
    }
    System.out.println(name + " " + outcome);
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    settings.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    settings.put("group.id", "new");
    try (KafkaShareConsumer<String, String> shares = new KafkaShareConsumer<>(settings)) {
      shares.subscribe(Arrays.asList("t"));
      attempt("share", () -> shares.poll(Duration.ofMillis(200)));
    } catch (RuntimeException closing) {
      System.out.println("closing " + closing.getClass().getSimpleName());
    }
    settings.put("group.protocol", "consumer");
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      consumer.subscribe(Arrays.asList("t"));
      attempt("consumer", () -> consumer.poll(Duration.ofMillis(200)));
    }
    System.exit(0);
  }
}
