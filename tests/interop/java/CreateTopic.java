import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** `kafka-topics.sh --create` without the command's own opinion of settings: Kafka 4's refuses small segments before it asks the broker. */
public class CreateTopic {
  public static void main(String[] arguments) throws Exception {
    Map<String, String> said = new HashMap<>(), settings = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i++) {
      String[] setting = arguments[i + 1].split("=", 2);
      if (arguments[i].equals("--config")) settings.put(setting[0], setting[1]);
      else said.put(arguments[i], arguments[i + 1]);
    }
    Properties properties = new Properties();
    properties.put("bootstrap.servers", said.get("--bootstrap-server"));
    NewTopic topic = new NewTopic(said.get("--topic"), Integer.parseInt(said.get("--partitions")), Short.parseShort(said.get("--replication-factor")));
    try (Admin admin = Admin.create(properties)) {
      admin.createTopics(Arrays.asList(topic.configs(settings))).all().get();
    }
  }
}
