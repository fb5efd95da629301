import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Runs statements: java -cp LIBS Cql.java HOST PORT DATACENTER STATEMENT... */
public class Cql {
  public static void main(String[] args) {
    var config =
        DriverConfigLoader.programmaticBuilder().withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(30)).build();
    try (var session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(args[0], Integer.parseInt(args[1])))
            .withLocalDatacenter(args[2])
            .withConfigLoader(config)
            .build()) {
      for (int i = 3; i < args.length; i++) session.execute(args[i]);
      if (!session.checkSchemaAgreement()) System.exit(1);
    }
  }
}
