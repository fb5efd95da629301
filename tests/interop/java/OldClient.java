import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TopicExistsException;

/** What a Java client promises, in words that the one of Kafka 2.1 has already: OldClient ADDRESS. Prints a line for each part that held. */
public class OldClient {
  static String address;

  static void expect(String what, Object found, Object wanted) {
    if (!found.equals(wanted)) throw new AssertionError(what + ": " + found + " and not " + wanted);
  }

  static Properties properties(String... more) {
    Properties all = new Properties();
    all.put("bootstrap.servers", address);
    all.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    all.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    all.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    all.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    all.put("auto.offset.reset", "earliest");
    all.put("enable.auto.commit", "false");
    for (int i = 0; i < more.length; i += 2) all.put(more[i], more[i + 1]);
    return all;
  }

  static void administration(AdminClient admin) throws Exception {
    admin.createTopics(Arrays.asList(new NewTopic("made", 2, (short) 1).configs(Collections.singletonMap("retention.ms", "60000")))).all().get();
    try {
      admin.createTopics(Arrays.asList(new NewTopic("made", 2, (short) 1))).all().get();
      throw new AssertionError("made twice");
    } catch (ExecutionException refused) {
      expect("refusal", refused.getCause().getClass(), TopicExistsException.class);
    }
    admin.createPartitions(Collections.singletonMap("made", NewPartitions.increaseTo(3))).all().get();
    expect("partitions", admin.describeTopics(Arrays.asList("made")).all().get().get("made").partitions().size(), 3);
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "made");
    expect("setting", admin.describeConfigs(Arrays.asList(resource)).all().get().get(resource).get("retention.ms").value(), "60000");
    expect("brokers", admin.describeCluster().nodes().get().size(), 1);
    expect("folders", admin.describeLogDirs(Arrays.asList(1)).all().get().get(1).size(), 1);
    admin.listConsumerGroups().all().get();
    admin.deleteTopics(Arrays.asList("made")).all().get();
    System.out.println("administration");
  }

  static List<String> read(int count, Properties settings, Collection<String> topics) {
    List<String> read = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      consumer.subscribe(topics);
      while (read.size() < count)
        for (ConsumerRecord<String, String> one : consumer.poll(Duration.ofSeconds(1))) read.add(one.value());
      consumer.commitSync();
    }
    return read;
  }

  static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (; from < to; from++) all.add(String.format("%06d", from));
    return all;
  }

  static void codecs(AdminClient admin) throws Exception {
    for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
      String topic = "old-" + codec;
      admin.createTopics(Arrays.asList(new NewTopic(topic, 1, (short) 1))).all().get();
      try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties("compression.type", codec, "enable.idempotence", "true", "linger.ms", "5"))) {
        List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
        for (String value : numbers(0, 2000)) sent.add(producer.send(new ProducerRecord<>(topic, 0, 1_700_000_000_000L, "k", value)));
        for (java.util.concurrent.Future<?> one : sent) one.get();
      }
      expect(codec, read(2000, properties("group.id", topic), Arrays.asList(topic)), numbers(0, 2000));
    }
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties("group.id", "old-none"))) {
      TopicPartition part = new TopicPartition("old-none", 0);
      expect("committed", consumer.committed(part).offset(), 2000L);
      expect("ends", consumer.endOffsets(Arrays.asList(part)).get(part), 2000L);
      expect("by time", consumer.offsetsForTimes(Collections.singletonMap(part, 1L)).get(part).offset(), 0L);
      admin.deleteRecords(Collections.singletonMap(part, RecordsToDelete.beforeOffset(1500))).all().get();
      expect("start", consumer.beginningOffsets(Arrays.asList(part)).get(part), 1500L);
    }
    System.out.println("codecs");
  }

  static class Member implements ConsumerRebalanceListener {
    final KafkaConsumer<String, String> consumer;
    final List<String> read = new ArrayList<>();

    Member(String... more) {
      Properties settings = properties("group.id", "old-group", "session.timeout.ms", "6000", "heartbeat.interval.ms", "500");
      for (int i = 0; i < more.length; i += 2) settings.put(more[i], more[i + 1]);
      consumer = new KafkaConsumer<>(settings);
      consumer.subscribe(Arrays.asList("old-shared"), this);
    }

    void poll() {
      for (ConsumerRecord<String, String> one : consumer.poll(Duration.ofMillis(50))) read.add(one.value());
      consumer.commitAsync();
    }

    @Override public void onPartitionsRevoked(Collection<TopicPartition> gone) { consumer.commitSync(); }

    @Override public void onPartitionsAssigned(Collection<TopicPartition> here) {}
  }

  static void groups(AdminClient admin) throws Exception {
    admin.createTopics(Arrays.asList(new NewTopic("old-shared", 4, (short) 1))).all().get();
    Member first = new Member();
    while (first.consumer.assignment().size() != 4) first.poll();
    Member second = new Member();
    while (first.consumer.assignment().size() != 2 || second.consumer.assignment().size() != 2) {
      first.poll();
      second.poll();
    }
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties())) {
      for (String value : numbers(0, 1000)) producer.send(new ProducerRecord<>("old-shared", Integer.parseInt(value) % 4, null, value));
    }
    while (first.read.size() + second.read.size() < 1000) {
      first.poll();
      second.poll();
    }
    TreeSet<String> all = new TreeSet<>(first.read);
    all.addAll(second.read);
    expect("all", new ArrayList<>(all), numbers(0, 1000));
    expect("members", admin.describeConsumerGroups(Arrays.asList("old-group")).all().get().get("old-group").members().size(), 2);
    second.consumer.close();
    while (first.consumer.assignment().size() != 4) first.poll();
    first.consumer.commitSync();
    first.consumer.close();
    long sum = 0;
    for (OffsetAndMetadata one : admin.listConsumerGroupOffsets("old-group").partitionsToOffsetAndMetadata().get().values()) sum += one.offset();
    expect("committed", sum, 1000L);
    admin.deleteConsumerGroups(Arrays.asList("old-group")).all().get();
    System.out.println("groups");
  }

  @SuppressWarnings("deprecation")
  static void transactions(AdminClient admin) throws Exception {
    admin.createTopics(Arrays.asList(new NewTopic("old-tx", 1, (short) 1))).all().get();
    KafkaProducer<String, String> producer = new KafkaProducer<>(properties("transactional.id", "old-tx-id", "transaction.timeout.ms", "20000"));
    producer.initTransactions();
    for (int from : new int[] {0, 10, 20}) {
      producer.beginTransaction();
      for (String value : numbers(from, from + 10)) producer.send(new ProducerRecord<>("old-tx", value));
      Map<TopicPartition, OffsetAndMetadata> at = new HashMap<>();
      at.put(new TopicPartition("old-tx", 0), new OffsetAndMetadata(from + 10));
      try {
        KafkaProducer.class.getMethod("sendOffsetsToTransaction", Map.class, String.class).invoke(producer, at, "old-tx-group");
      } catch (NoSuchMethodException newer) {
        producer.getClass().getMethod("sendOffsetsToTransaction", Map.class, Class.forName("org.apache.kafka.clients.consumer.ConsumerGroupMetadata"))
            .invoke(producer, at, Class.forName("org.apache.kafka.clients.consumer.ConsumerGroupMetadata").getConstructor(String.class).newInstance("old-tx-group"));
      }
      if (from == 10) {
        producer.flush();
        producer.abortTransaction();
      } else {
        producer.commitTransaction();
      }
    }
    List<String> wanted = numbers(0, 10);
    wanted.addAll(numbers(20, 30));
    expect("committed", read(20, properties("group.id", "old-tx-readers", "isolation.level", "read_committed"), Arrays.asList("old-tx")), wanted);
    expect("offset", admin.listConsumerGroupOffsets("old-tx-group").partitionsToOffsetAndMetadata().get().get(new TopicPartition("old-tx", 0)).offset(), 30L);
    KafkaProducer<String, String> successor = new KafkaProducer<>(properties("transactional.id", "old-tx-id"));
    successor.initTransactions();
    try {
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("old-tx", "zombie"));
      producer.commitTransaction();
      throw new AssertionError("the zombie has committed");
    } catch (ProducerFencedException expected) {
      System.out.println("transactions");
    }
    producer.close();
    successor.close();
  }

  public static void main(String[] arguments) throws Exception {
    address = arguments[0];
    try (AdminClient admin = AdminClient.create(properties())) {
      administration(admin);
      codecs(admin);
      groups(admin);
      transactions(admin);
    }
    System.out.println("done");
    System.exit(0);
  }
}
