import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Record batches as Apache Kafka writes them. "write DIR" makes the corpus; "read DIR" checks batches that we wrote. */
public class Golden {
  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  /** What golden_record_test.cc calls the few records. */
  static List<SimpleRecord> few() {
    Header[] headers = {
      new RecordHeader("h1", bytes("v1")), new RecordHeader("h2", (byte[]) null), new RecordHeader("", bytes(""))
    };
    return List.of(
        new SimpleRecord(1000, bytes("k0"), bytes("v0"), headers),
        new SimpleRecord(990, bytes(null), bytes("x")),
        new SimpleRecord(5000000000L, bytes(""), bytes(null)));
  }

  /** Enough for several blocks of every codec. */
  static List<SimpleRecord> many() {
    List<SimpleRecord> records = new ArrayList<>();
    for (int i = 0; i < 300; i++)
      records.add(new SimpleRecord(1000 + i, bytes("key-" + i), bytes(("row " + i + " of many; ").repeat(20))));
    return records;
  }

  static class Fields {
    TimestampType type = TimestampType.CREATE_TIME;
    long baseOffset = 0;
    long appendTime = -1;
    long producerId = -1;
    short producerEpoch = -1;
    int sequence = -1;
    boolean transactional = false;
    int leaderEpoch = -1;
  }

  static MemoryRecords build(Compression compression, List<SimpleRecord> records, Fields f) {
    MemoryRecordsBuilder builder =
        MemoryRecords.builder(ByteBuffer.allocate(1 << 20), (byte) 2, compression, f.type, f.baseOffset, f.appendTime,
            f.producerId, f.producerEpoch, f.sequence, f.transactional, f.leaderEpoch);
    for (SimpleRecord record : records) builder.append(record);
    return builder.build();
  }

  static void save(Path folder, String name, MemoryRecords records) throws Exception {
    byte[] all = new byte[records.sizeInBytes()];
    records.buffer().duplicate().get(all);
    Files.write(folder.resolve(name + ".bin"), all);
  }

  static MemoryRecords marker(ControlRecordType type) {
    return MemoryRecords.withEndTransactionMarker(77, 123456, 5, 4711, (short) 3, new EndTransactionMarker(type, 9));
  }

  static void write(Path folder) throws Exception {
    Files.createDirectories(folder);
    Compression[] codecs = {
      Compression.NONE, Compression.gzip().build(), Compression.snappy().build(), Compression.lz4().build(),
      Compression.zstd().build()
    };
    for (Compression codec : codecs) {
      save(folder, "few_" + codec.type().name, build(codec, few(), new Fields()));
      if (codec != Compression.NONE) save(folder, "many_" + codec.type().name, build(codec, many(), new Fields()));
    }
    Fields fields = new Fields();
    fields.producerId = 4711;
    fields.producerEpoch = 3;
    fields.sequence = 2147483646;
    save(folder, "idempotent", build(Compression.NONE, few(), fields));
    fields.transactional = true;
    fields.baseOffset = 100;
    fields.leaderEpoch = 7;
    save(folder, "transactional", build(Compression.NONE, few(), fields));
    fields = new Fields();
    fields.type = TimestampType.LOG_APPEND_TIME;
    fields.appendTime = 123456;
    save(folder, "log_append_time", build(Compression.NONE, few(), fields));
    save(folder, "control_abort", marker(ControlRecordType.ABORT));
    save(folder, "control_commit", marker(ControlRecordType.COMMIT));
  }

  static boolean same(ByteBuffer a, ByteBuffer b) {
    return a == null ? b == null : a.equals(b);
  }

  static void read(Path folder) throws Exception {
    int checked = 0;
    for (Path file : (Iterable<Path>) Files.list(folder).sorted()::iterator) {
      List<SimpleRecord> expected = file.getFileName().toString().startsWith("many") ? many() : few();
      for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(file))).batches()) {
        batch.ensureValid();
        int i = 0;
        for (Record record : batch) {
          SimpleRecord wanted = expected.get(i++);
          if (record.timestamp() != wanted.timestamp() || !same(record.key(), wanted.key())
              || !same(record.value(), wanted.value()) || !Arrays.equals(record.headers(), wanted.headers()))
            throw new Exception(file + ": record " + i + " differs");
        }
        if (i != expected.size()) throw new Exception(file + ": " + i + " records");
        checked++;
      }
    }
    if (checked == 0) throw new Exception("nothing to read in " + folder);
    System.out.println(checked + " batches read as expected");
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("write")) write(Path.of(arguments[1]));
    else read(Path.of(arguments[1]));
  }
}
