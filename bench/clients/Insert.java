import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Inserts rows as our sink does (the same statement, a timestamp of their own, so many under way at a time) with the Java driver,
 * after a warm-up in the same process.
 *
 * <p>java -cp LIBS Insert.java HOST PORT DATACENTER KEYSPACE.TABLE ROWS WARM_UP IN_FLIGHT LEVEL BYTES; prints one line of JSON.
 */
public class Insert {
  private static CqlSession session;
  private static final AtomicLong failed = new AtomicLong();

  private static double insert(String table, long from, long rows, int inFlight, String level, String value) throws Exception {
    var consistency = "EACH_QUORUM".equals(level) ? ConsistencyLevel.EACH_QUORUM : ConsistencyLevel.LOCAL_QUORUM;
    var statement =
        session.prepare(
            "INSERT INTO " + table + " (id, body, ce_source, ce_epoch, ce_sequence) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?");
    var free = new Semaphore(inFlight);
    long begin = System.nanoTime();
    for (long i = from; i < from + rows; i++) {
      free.acquire();
      var bound = statement.bind(i, value, "bench", 1L, i, 1_700_000_000_000_000L + i).setConsistencyLevel(consistency).setIdempotent(true);
      session.executeAsync(bound).whenComplete((done, error) -> {
        if (error != null) failed.incrementAndGet();
        free.release();
      });
    }
    free.acquire(inFlight);
    return (System.nanoTime() - begin) / 1e9;
  }

  public static void main(String[] args) throws Exception {
    var config =
        DriverConfigLoader.programmaticBuilder().withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(10)).build();
    session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(args[0], Integer.parseInt(args[1])))
            .withLocalDatacenter(args[2])
            .withConfigLoader(config)
            .build();
    long rows = Long.parseLong(args[4]);
    long warmUp = Long.parseLong(args[5]);
    int inFlight = Integer.parseInt(args[6]);
    String value = "v".repeat(Integer.parseInt(args[8]));
    insert(args[3], 1_000_000_000L, warmUp, inFlight, args[7], value);
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    double seconds = insert(args[3], 2_000_000_000L, rows, inFlight, args[7], value);
    cpu = system.getProcessCpuTime() - cpu;
    session.close();
    System.out.printf(
        "{\"rows_per_second\": %.0f, \"cpu_us_per_row\": %.2f, \"failed\": %d}%n",
        rows / seconds, cpu / 1e3 / rows, failed.get());
  }
}
